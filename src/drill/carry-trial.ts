import { startPlan } from '../cli/start-plan.js';
import { readSummary } from '../cli/summary-file.js';
import type { ChainEntry } from '../contracts/journal.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { Summary } from '../contracts/state.js';
import type { Arena } from './arena.js';
import { forgetLocalHosts } from './local-hosts.js';
import type { Blow } from './schedule.js';
import { type Struck, Trial } from './trial.js';
import { waitFor } from './wait.js';

/** What is left of one plan, struck or not. */
export interface Carried {
  readonly stageKey: string;
  /** As the server calls it. */
  readonly closed: string;
  readonly summary: Summary;
  /** The whole journal of its training. */
  readonly entries: readonly ChainEntry[];
  /** The killer's truth, a reading for each attempt that it struck. */
  readonly struck: readonly Struck[];
}

/** Makes the plan of a trial with these settings besides those of every drill. */
export type MakePlan = (id: string, settings: readonly string[]) => Promise<ResolvedPlan>;

/** Carries a plan from its start to its end, and strikes it once on the way. */
export async function carryTrial(
  arena: Arena,
  makePlan: MakePlan,
  planId: string,
  everySteps: number,
  blow: Blow | null,
): Promise<Carried> {
  const trial = new Trial(arena, planId, everySteps, blow?.seed ?? 0);
  try {
    const act = await blow?.fault.open(trial);
    await startPlan(arena.client, await makePlan(planId, act?.settings ?? []));
    const target = await trial.reach(blow?.atStep ?? 0);
    await act?.strike(target);
    const closed = await untilClosed(arena, planId);
    const entries = await trial.chain.entries();
    const summary = await readSummary(arena.config.home, planId);
    return { stageKey: trial.stageKey!, closed, summary, entries, struck: trial.struck };
  } finally {
    await endPlan(arena, planId);
    await trial.end();
  }
}

/** One that has not come to its end must not take the hosts of the next. */
async function endPlan(arena: Arena, planId: string): Promise<void> {
  if (arena.signal.aborted) return;
  const plan = arena.client.workflow.getHandle(planId);
  await plan.terminate('the trial is over').catch(() => undefined);
  await forgetLocalHosts(arena);
}

function untilClosed(arena: Arena, planId: string): Promise<string> {
  return waitFor(
    `${planId} closes`,
    async () => {
      const { status } = await arena.client.workflow.getHandle(planId).describe();
      return status.name === 'RUNNING' ? null : status.name;
    },
    arena.signal,
  );
}
