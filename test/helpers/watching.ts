import { readProgress, readState } from '../../src/cli/plan-handle.js';
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

export const until = (
  system: System,
  planId: string,
  what: string,
  is: (state: PlanState) => boolean,
): Promise<PlanState> =>
  eventually(`${planId}: ${what}`, async () => {
    const state = await readState(system.client, planId);
    if (state.status === 'failed' && !is(state))
      throw new Error(`the plan failed: ${state.failure}`);
    return is(state) ? state : null;
  });

/** Until the stage works, has published, and is far from its end. */
export function midway(system: System, planId: string, stage: StageName): Promise<Running> {
  return eventually(`${stage} of ${planId} is midway`, async () => {
    const state = await readState(system.client, planId);
    const running = state.stages.find(({ status }) => status === 'running');
    if (running?.name !== stage) return null;
    const progress = await readProgress(system.client, planId);
    if (!progress?.total || progress.trainerPid === null || progress.phase === 'finishing')
      return null;
    if (progress.publishedStep === null || progress.publishedStep < 1) return null;
    if (progress.done > progress.total * 0.7) throw new Error(`${stage} was too fast to be caught`);
    const record = (await readHostRecords(system.store)).find(({ id }) => id === progress.host);
    return record ? { progress, trainerPid: progress.trainerPid, workerPid: record.pid } : null;
  });
}

/** How the run has closed, in the server's word; its summary is written by then. */
export async function closed(system: System, planId: string): Promise<string> {
  return eventually(`${planId} closes`, async () => {
    // A server that is just being restarted answers nothing.
    const description = await system.client.workflow
      .getHandle(planId)
      .describe()
      .catch(() => null);
    const status = description?.status.name;
    return status && status !== 'RUNNING' ? status : null;
  });
}
