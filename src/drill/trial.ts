import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readProgress, readState } from '../cli/plan-handle.js';
import { startPlan } from '../cli/start-plan.js';
import { readSummary } from '../cli/summary-file.js';
import type { ChainEntry } from '../contracts/journal.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import { hasEnded, type Summary } from '../contracts/state.js';
import { Chain } from '../store/chain.js';
import type { Arena } from './arena.js';
import type { Target } from './fault.js';
import type { Blow } from './schedule.js';
import { DrillError, waitFor } from './wait.js';

/** What is left of one plan, struck or not. */
export interface Carried {
  readonly stageKey: string;
  /** As the server calls it. */
  readonly closed: string;
  readonly summary: Summary;
  /** The whole journal of its training. */
  readonly entries: readonly ChainEntry[];
  /** The killer's truth: the last step that the trainer had written when it was struck. */
  readonly stepAtStrike: number | null;
}

const STRUCK = 'full-train';

/** Carries a plan from its start to its end, and strikes it once on the way. */
export async function carryTrial(
  arena: Arena,
  plan: ResolvedPlan,
  blow: Blow | null,
): Promise<Carried> {
  await startPlan(arena.client, plan);
  const target = await reach(arena, plan.id, blow?.atStep ?? 0);
  let stepAtStrike: number | null = null;
  if (blow) {
    const struck = blow.fault.strike(target);
    stepAtStrike = await lastStepWritten(arena.config.home, plan.id);
    await struck;
  }
  const { stageKey } = target;
  const closed = await untilClosed(arena, plan.id);
  const entries = await new Chain(arena.store, stageKey).entries();
  const summary = await readSummary(arena.config.home, plan.id);
  return { stageKey, closed, summary, entries, stepAtStrike };
}

/** Until the training has published and has come to `step`. */
function reach(arena: Arena, planId: string, step: number): Promise<Target> {
  return waitFor(
    `${planId} trains beyond step ${step}`,
    async () => {
      const { current, status, failure } = await readState(arena.client, planId);
      if (hasEnded(status)) throw new DrillError(endedEarly(planId, status, failure));
      const progress = await readProgress(arena.client, planId);
      if (current?.stage !== STRUCK || !progress || progress.trainerPid === null) return null;
      if (progress.unit !== 'steps' || progress.publishedStep === null || progress.done < step)
        return null;
      const workerPid = await arena.workerPid(progress.host);
      if (workerPid === undefined) return null;
      const { host, trainerPid } = progress;
      return { arena, planId, stageKey: current.stageKey, host, workerPid, trainerPid };
    },
    arena.signal,
  );
}

const endedEarly = (planId: string, status: string, failure: string | null): string =>
  `${planId} has ${status} before it could be struck${failure === null ? '' : `: ${failure}`}.`;

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

/** The last whole line of metrics.jsonl; what the trainer had in memory is nobody's loss. */
async function lastStepWritten(home: string, planId: string): Promise<number | null> {
  const path = join(home, 'runs', planId, STRUCK, 'metrics.jsonl');
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  const last = lines.at(-2);
  return last === undefined ? null : (JSON.parse(last) as { step: number }).step;
}
