import type { SuiteScore } from '../../contracts/metrics.js';
import type { StageResult, TrainedSoFar } from '../../contracts/outcome.js';
import type { StageName } from '../../contracts/stages.js';
import type { PlanState, Summary } from '../../contracts/state.js';

type Results = Readonly<Partial<Record<StageName, StageResult>>>;

/** The document that scripts read when a plan has ended; `temporalUi` is filled in by its writer. */
export function summarise(
  state: PlanState,
  results: Results,
  soFar: TrainedSoFar | null,
  at: string,
): Summary {
  const { planId, status, model, checkpoint, pilot } = state;
  return {
    planId,
    status,
    wallSeconds: (Date.parse(at) - Date.parse(state.startedAt)) / 1000,
    stages: stages(state),
    interruptions: interruptions(state),
    training: training(results, soFar),
    evaluation: {
      before: suites(results, 'eval-before'),
      after: suites(results, 'eval-after'),
      comparison: state.compared,
      answers: state.answers,
    },
    model,
    checkpoint,
    pilot,
    spend: spend(state),
    report: reports(results),
    temporalUi: null,
  };
}

const stages = (state: PlanState): Summary['stages'] =>
  state.stages.map(({ name, status, attempts, seconds, cached }) => ({
    name,
    status,
    attempts,
    seconds,
    cached,
  }));

const interruptions = (state: PlanState): Summary['interruptions'] =>
  state.interruptions.map((lost) => ({
    stage: lost.stage,
    kind: lost.kind,
    detectedAfterSeconds: lost.detectedAfterSeconds,
    resumedAfterSeconds: lost.resumedAfterSeconds,
    stepsLost: lost.stepsLost,
    moneyLostFen: lost.moneyLostFen,
  }));

const spend = (state: PlanState): Summary['spend'] => ({
  currency: 'CNY',
  totalFen: state.spentFen,
  capFen: state.capFen,
  lostToInterruptionsFen: state.interruptions.reduce((sum, lost) => sum + lost.moneyLostFen, 0),
});

function reports(results: Results): Summary['report'] {
  const report = results.report?.metrics;
  if (report?.kind !== 'report') return { html: null, pptx: null, markdown: null };
  return { html: report.html, pptx: report.pptx, markdown: report.markdown };
}

/** A training that did not finish is told by its last published checkpoint. */
function training(results: Results, soFar: TrainedSoFar | null): Summary['training'] {
  const metrics = results['full-train']?.metrics;
  if (metrics?.kind !== 'full-train') return soFar && { ...soFar, weightsSha256: null };
  const { steps, tokens, finalLoss, orderHash, weightsSha256, tokensPerSecond, resumedInexactly } =
    metrics.train;
  return { steps, tokens, finalLoss, orderHash, weightsSha256, tokensPerSecond, resumedInexactly };
}

function suites(results: Results, stage: StageName): Record<string, SuiteScore> {
  const metrics = results[stage]?.metrics;
  return metrics?.kind === 'evaluate' ? metrics.evaluate.suites : {};
}
