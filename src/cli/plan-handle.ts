import {
  type Client,
  QueryNotRegisteredError,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { PlanState } from '../contracts/state.js';
import { decodeProgress, type StageProgress } from '../contracts/progress.js';
import { CLI_EXIT } from '../contracts/failures.js';
import { CliError } from './cli-error.js';

const DEADLINE_MS = 10_000;

const noAnswer = (planId: string): CliError =>
  new CliError(
    `Plan ${planId} did not answer within 10 s.`,
    CLI_EXIT.noServer,
    'Is a control worker running? Start one with `dream-sft worker control`.',
  );

/** The state of a plan as its workflow tells it. */
export async function readState(client: Client, planId: string): Promise<PlanState> {
  const handle = client.workflow.getHandle(planId);
  try {
    const answer = await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      handle.query<unknown, []>('state'),
    );
    return PlanState.parse(answer);
  } catch (error) {
    if (error instanceof QueryNotRegisteredError || isDeadline(error)) {
      throw noAnswer(planId);
    }
    throw error;
  }
}

/** Sends an update by its name and returns the workflow's one-line answer. */
export async function sendUpdate(
  client: Client,
  planId: string,
  name: string,
  argument: Readonly<Record<string, string>>,
): Promise<string> {
  const handle: WorkflowHandle = client.workflow.getHandle(planId);
  try {
    return await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      handle.executeUpdate<string, [Readonly<Record<string, string>>]>(name, { args: [argument] }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      throw new CliError(error.cause?.message.split('\n')[0] ?? error.message, CLI_EXIT.conflict);
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isDeadline(error)) {
      throw noAnswer(planId);
    }
    throw error;
  }
}

/** gRPC's DEADLINE_EXCEEDED, however the SDK has wrapped it. */
function isDeadline(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && at.code === 4) return true;
  }
  return false;
}

/** Live numbers of the running stage: the heartbeat details of its pending activity. */
export async function readProgress(client: Client, planId: string): Promise<StageProgress | null> {
  const description = await client.workflow.getHandle(planId).describe();
  for (const activity of description.raw.pendingActivities ?? []) {
    const progress = decodeProgress(activity.heartbeatDetails?.payloads?.[0]?.data);
    if (progress) return progress;
  }
  return null;
}

/** Waits until the plan's run has closed (its summary is written then); how it ended, as an exit code. */
export async function exitCodeOf(client: Client, planId: string): Promise<number> {
  const handle = client.workflow.getHandle(planId);
  try {
    await handle.result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
  }
  const { status } = await handle.describe();
  if (status.name === 'COMPLETED') return CLI_EXIT.ok;
  return status.name === 'CANCELLED' ? CLI_EXIT.cancelled : CLI_EXIT.planFailed;
}
