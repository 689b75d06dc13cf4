import type { Client } from '@temporalio/client';
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

/** Null once the activity is done, or before it is scheduled. */
export async function readPendingActivity(
  client: Client,
  planId: string,
  activityId: string,
): Promise<PendingActivity | null> {
  const { raw } = await client.workflow.getHandle(planId).describe();
  const found = raw.pendingActivities?.find((pending) => pending.activityId === activityId);
  if (!found) return null;
  return {
    state: STATES[found.state ?? 0]?.replace('PENDING_ACTIVITY_STATE_', '').toLowerCase() ?? '',
    attempt: found.attempt ?? 1,
    scheduledAt: millis(found.scheduledTime),
    lastHeartbeatAt: millis(found.lastHeartbeatTime),
    progress: decodeProgress(found.heartbeatDetails?.payloads?.[0]?.data),
  };
}

type Timestamp = { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined;

function millis(time: Timestamp): number | null {
  return time?.seconds == null ? null : Number(time.seconds) * 1000 + (time.nanos ?? 0) / 1e6;
}
