import { CancellationScope } from '@temporalio/workflow';
import { askableHosts } from '../contracts/asking.js';
import type { ClosedStage } from '../contracts/outcome.js';
import type { StageName } from '../contracts/stages.js';
import type { PlanRun } from './plan-run.js';
import type { StageTotals } from './policy/state.js';
import { control } from './proxies.js';

/** Folds the stage's whole journal and adds up what all its stage keys of this run have seen. */
export async function closeStage(
  run: PlanRun,
  stage: StageName,
  stageKey: string,
  releaseHosts: boolean,
): Promise<ClosedStage> {
  const { plan } = run;
  const { hosts, store } = plan;
  const shardKeys = run.shardKeys.get(stageKey);
  const keys = { stageKey, ...(shardKeys ? { shardKeys } : {}) };
  const input = { planId: plan.id, stage, ...keys, releaseHosts, hosts, store };
  // Also after a cancel: the last checkpoint is read from the journal.
  const closed = await CancellationScope.nonCancellable(() =>
    control.closeStage.executeWithOptions({ summary: `reads the whole journal of ${stage}` }, [
      input,
    ]),
  );
  run.closed.set(`${stage} ${stageKey}`, closed);
  run.apply({ type: 'stageClosed', stage, totals: totalsOf(run, stage, closed.totalFen) });
  const { newestCheckpoint } = closed;
  const tokenizer = run.results.download?.artifacts['tokenizer'];
  if (stage === 'full-train' && newestCheckpoint && tokenizer) {
    const { systemPrompt } = run.settings.data;
    const hosts = askableHosts(run.plan);
    const place = { folder: 'model', tokenizer, systemPrompt, hosts, store } as const;
    run.apply({ type: 'checkpointed', checkpoint: { ...newestCheckpoint, ...place } });
  }
  if (releaseHosts) run.hostsOut = false;
  return closed;
}

function totalsOf(run: PlanRun, stage: StageName, spentFen: number): StageTotals {
  const ofStage = [...run.closed]
    .filter(([key]) => key.startsWith(`${stage} `))
    .map(([, one]) => one);
  return {
    attempts: ofStage.reduce((sum, one) => sum + one.attempts, 0),
    interruptions: ofStage.flatMap((one) => one.interruptions),
    spentFen,
  };
}
