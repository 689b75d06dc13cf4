import type { StageName } from '../contracts/stages.js';
import { withCost } from '../contracts/verdict.js';
import { carryOut, type Inputs, type WorkEnd } from './carry-out.js';
import type { PlanRun } from './plan-run.js';
import { stageConfiguration } from './stage-configuration.js';
import { sentenceFor } from './sentences.js';

/** Carries a stage that is one work to its end; its result stands in the run from then on. */
export async function runStage(run: PlanRun, stage: StageName, inputs: Inputs): Promise<WorkEnd> {
  run.stage = stage;
  const facts = { startedAt: run.startedAt, modelFolder: '' } as const;
  const configuration = stageConfiguration(run.settings, stage, facts);
  const summary = sentenceFor(run, stage);
  const ended = await carryOut(run, { stage, kind: stage, configuration, inputs, summary });
  if (ended.kind === 'finished') return finishStage(run, stage, ended);
  if (ended.kind === 'stopped') {
    run.apply({ type: 'stoppedAtCap' });
    run.apply({ type: 'stageStopped', stage, message: 'the cap of the plan is near' });
  }
  return ended;
}

/** From here on the stage has its result. */
export function finishStage(
  run: PlanRun,
  stage: StageName,
  ended: Extract<WorkEnd, { kind: 'finished' }>,
): WorkEnd {
  run.results[stage] = ended.result;
  run.apply({ type: ended.cached ? 'stageCached' : 'stageFinished', stage });
  const { metrics } = ended.result;
  const compared = metrics.kind === 'evaluate' ? metrics.comparison : undefined;
  const price = run.plan.hosts.pricePerHourFen;
  if (compared) run.apply({ type: 'compared', compared: withCost(compared, price) });
  return ended;
}
