import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { decodeProgress, type StageProgress } from '../../contracts/progress.js';

/** What the server knows of a stage's activity while it is not done. */
export interface PendingActivity {
  readonly state: string;
  readonly attempt: number;
  readonly scheduledAt: number | null;
  readonly lastHeartbeatAt: number | null;
  readonly progress: StageProgress | null;
}

const STATES = proto.temporal.api.enums.v1.PendingActivityState;

/** Of these activities those that are neither done nor yet to be scheduled, in their order. */
export async function readPendingActivities(
  plan: WorkflowHandle,
  activityIds: readonly string[],
): Promise<PendingActivity[]> {
  const { raw } = await plan.describe();
  const pending = raw.pendingActivities ?? [];
  return activityIds.flatMap((id) => {
    const found = pending.find(({ activityId }) => activityId === id);
    return found ? [pendingOf(found)] : [];
  });
}

function pendingOf(found: proto.temporal.api.workflow.v1.IPendingActivityInfo): PendingActivity {
  return {
    state: STATES[found.state ?? 0]?.replace('PENDING_ACTIVITY_STATE_', '').toLowerCase() ?? '',
    attempt: found.attempt ?? 1,
    scheduledAt: millis(found.scheduledTime),
    lastHeartbeatAt: millis(found.lastHeartbeatTime),
    progress: decodeProgress(found.heartbeatDetails?.payloads?.[0]?.data),
  };
}

/** The one whose host tells how the stage stands: at work if any is, else the first that waits. */
export const foremost = (pending: readonly PendingActivity[]): PendingActivity | null =>
  pending.find(({ state }) => state === 'started') ?? pending[0] ?? null;

type Timestamp = { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined;

function millis(time: Timestamp): number | null {
  return time?.seconds == null ? null : Number(time.seconds) * 1000 + (time.nanos ?? 0) / 1e6;
}
