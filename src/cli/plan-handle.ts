import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { PlanState } from '../contracts/state.js';
import { decodeProgress, type StageProgress } from '../contracts/progress.js';
import { CLI_EXIT, judgementOf } from '../contracts/failures.js';
import { CliError } from './cli-error.js';
import { progressOfShards } from './progress-of-shards.js';
import { ANSWERS_WITHIN_MS, isDeadline, noAnswer, untilAnswered } from './until-answered.js';

/** The state of a plan as its workflow tells it. */
export async function readState(
  client: Client,
  planId: string,
  withinMs: number = ANSWERS_WITHIN_MS,
): Promise<PlanState> {
  const handle = client.workflow.getHandle(planId);
  const answer = await untilAnswered(
    planId,
    (deadline) => client.withDeadline(deadline, () => handle.query<unknown, []>('state')),
    withinMs,
  );
  const state = PlanState.safeParse(answer);
  if (state.success) return state.data;
  throw new CliError(
    `Plan ${planId} is told in the words of another version of dream-sft.`,
    CLI_EXIT.planFailed,
    'Run this command and the control worker from the same installation.',
  );
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
    return await client.withDeadline(Date.now() + ANSWERS_WITHIN_MS, () =>
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

export interface Running {
  /** Live numbers: the heartbeat details of the pending activity. */
  readonly progress: StageProgress | null;
  /** Why the attempt before this one ended, while the server tries again. */
  readonly lastFailure: string | null;
}

/** What the server knows of the stage that is being done, in shards or as one work. */
export function runningOf({ raw }: WorkflowExecutionDescription): Running {
  const works = (raw.pendingActivities ?? []).filter(
    ({ activityType }) => activityType?.name !== 'superviseStage',
  );
  const shards = works.flatMap(
    ({ heartbeatDetails }) => decodeProgress(heartbeatDetails?.payloads?.[0]?.data) ?? [],
  );
  const failures = works.flatMap(({ lastFailure }) => told(lastFailure) ?? []);
  return { progress: progressOfShards(shards), lastFailure: failures[0] ?? null };
}

/** A lost host or link is told as an interruption; what the stage itself said is not. */
function told(failure: temporal.api.failure.v1.IFailure | null | undefined): string | null {
  const type = failure?.applicationFailureInfo?.type;
  if (!type || judgementOf(type)?.countsAs === 'preemption') return null;
  return failure.message ?? null;
}

export async function readProgress(client: Client, planId: string): Promise<StageProgress | null> {
  return runningOf(await client.workflow.getHandle(planId).describe()).progress;
}

/** Waits until the plan's run has closed (its summary is written then); how it ended, as an exit code. */
export async function exitCodeOf(client: Client, planId: string): Promise<number> {
  const handle = client.workflow.getHandle(planId);
  let type: string | null | undefined;
  try {
    await handle.result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (error.cause instanceof ApplicationFailure) type = error.cause.type;
  }
  const { status } = await handle.describe();
  if (status.name === 'COMPLETED') return CLI_EXIT.ok;
  if (status.name === 'CANCELLED') return CLI_EXIT.cancelled;
  return judgementOf(type ?? '')?.cliExit ?? CLI_EXIT.planFailed;
}
