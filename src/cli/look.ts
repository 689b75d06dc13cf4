import { type Client, WorkflowFailedError } from '@temporalio/client';
import { hasEnded, type PlanState, type StageStatus } from '../contracts/state.js';
import { planStatus } from './ended.js';
import { readState, type Running, runningOf } from './plan-handle.js';

export interface Look {
  readonly state: PlanState;
  readonly running: Running;
}

const NOTHING_RUNS: Running = { progress: null, lastFailure: null };

/** How a plan stands by its workflow's word, and by the server's where the workflow has none left. */
export async function lookAt(client: Client, planId: string): Promise<Look> {
  const state = await readState(client, planId);
  if (hasEnded(state.status)) return { state, running: NOTHING_RUNS };
  const description = await client.workflow.getHandle(planId).describe();
  const server = description.status.name;
  if (server === 'RUNNING') return { state, running: runningOf(description) };
  // It may have ended by itself after it was asked.
  const last = await readState(client, planId);
  if (hasEnded(last.status)) return { state: last, running: NOTHING_RUNS };
  return {
    state: closedByServer(last, server, await reasonOf(client, planId)),
    running: NOTHING_RUNS,
  };
}

const OPEN: ReadonlySet<StageStatus> = new Set(['running', 'pausing', 'paused']);

/** A run that was terminated could not say so: its last words are those of a living one. */
export function closedByServer(state: PlanState, server: string, reason: string | null): PlanState {
  const status = planStatus(server, undefined) as 'finished' | 'cancelled' | 'failed';
  const how = server.toLowerCase().replaceAll('_', ' ');
  return {
    ...state,
    status,
    stages: state.stages.map((stage) => (OPEN.has(stage.status) ? { ...stage, status } : stage)),
    current: null,
    failure: `The server has closed this run (${how}${reason === null ? '' : `: ${reason}`}).`,
  };
}

async function reasonOf(client: Client, planId: string): Promise<string | null> {
  try {
    await client.workflow.getHandle(planId).result();
    return null;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return error.cause?.message.split('\n')[0] ?? null;
  }
}
