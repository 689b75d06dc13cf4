import { CliError } from '../../src/cli/cli-error.js';
import { readProgress, readState } from '../../src/cli/plan-handle.js';
import { CLI_EXIT } from '../../src/contracts/failures.js';
import type { StageProgress } from '../../src/contracts/progress.js';
import type { StageName } from '../../src/contracts/stages.js';
import type { PlanState } from '../../src/contracts/state.js';
import { readHostRecords } from '../../src/store/host-records.js';
import { eventually } from './deadline.js';
import type { System } from './system.js';

export interface Running {
  readonly progress: StageProgress;
  readonly trainerPid: number;
  readonly workerPid: number;
}

/** A server to ask, and the store of its home. */
type Watched = Pick<System, 'client' | 'store'>;

/** Null while nobody answers: a control worker may only be starting, on a machine that is busy. */
async function stateNow({ client }: Watched, planId: string): Promise<PlanState | null> {
  try {
    return await readState(client, planId);
  } catch (error) {
    if (error instanceof CliError && error.exitCode === CLI_EXIT.noServer) return null;
    throw error;
  }
}

export const until = (
  system: Watched,
  planId: string,
  what: string,
  is: (state: PlanState) => boolean,
  withinMs?: number,
): Promise<PlanState> => {
  const look = async (): Promise<PlanState | null> => {
    const state = await stateNow(system, planId);
    if (state?.status === 'failed' && !is(state))
      throw new Error(`the plan failed: ${state.failure}`);
    return state && is(state) ? state : null;
  };
  return eventually(`${planId}: ${what}`, look, withinMs);
};

/** Until the stage works, has published, and is far from its end. */
export function midway(
  system: Watched,
  planId: string,
  stage: StageName,
  withinMs?: number,
): Promise<Running> {
  const look = async (): Promise<Running | null> => {
    const state = await stateNow(system, planId);
    const running = state?.stages.find(({ status }) => status === 'running');
    if (running?.name !== stage) return null;
    const progress = await readProgress(system.client, planId);
    if (!progress?.total || progress.trainerPid === null || progress.phase === 'finishing')
      return null;
    if (progress.publishedStep === null || progress.publishedStep < 1) return null;
    if (progress.done > progress.total * 0.7) throw new Error(`${stage} was too fast to be caught`);
    const record = (await readHostRecords(system.store)).find(({ id }) => id === progress.host);
    return record ? { progress, trainerPid: progress.trainerPid, workerPid: record.pid } : null;
  };
  return eventually(`${stage} of ${planId} is midway`, look, withinMs);
}

/** How the run has closed, in the server's word; its summary is written by then. */
export async function closed(
  { client }: Pick<System, 'client'>,
  planId: string,
  withinMs?: number,
): Promise<string> {
  const look = async (): Promise<string | null> => {
    // A server that is just being restarted answers nothing.
    const description = await client.workflow
      .getHandle(planId)
      .describe()
      .catch(() => null);
    const status = description?.status.name;
    return status && status !== 'RUNNING' ? status : null;
  };
  return eventually(`${planId} closes`, look, withinMs);
}
