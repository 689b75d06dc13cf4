import type { Pace, StageMetrics } from '../../contracts/outcome.js';
import type { ResolvedPlan } from '../../contracts/plan.js';
import type { Quote } from '../../contracts/state.js';

type SmokeMetrics = Extract<StageMetrics, { kind: 'smoke-train' }>;

/** Optimizer steps of full-train; `rows` is what convert kept for training. */
export function totalSteps(plan: ResolvedPlan, rows: number): number {
  const { steps, epochs, documentsPerStep } = plan.training;
  return steps ?? Math.max(1, Math.ceil(((epochs ?? 1) * rows) / documentsPerStep));
}

/**
 * What smoke-train predicts, from seconds that it measured:
 *
 *   start        = bringing inputs to the host + trainer's start to its first step
 *   training     = start + steps × seconds per step (the first step, which warms up, left out)
 *   evaluation   = start + batches × seconds per batch
 *   rest of plan = host start + training + 2 × evaluation
 *
 * with batches = Σ over suites of ⌈questions / batch size⌉. The probe decodes one batch of the
 * evaluation's own size to the end of the canvas, so that answers which end early make the
 * evaluation shorter; a probe of fewer questions counts in proportion. A host starts once more
 * at most: it is given back where the gate waits for a person. Price per hour × that, rounded up.
 */
export function quote(
  plan: ResolvedPlan,
  smoke: SmokeMetrics,
  rows: number,
  spentFen: number,
): Quote {
  const pace = paceOf(plan, smoke);
  const steps = totalSteps(plan, rows);
  const { batches, ofProbe } = evaluationBatches(plan, pace.batchQuestions);
  const start = pace.prepareSeconds + pace.readySeconds;
  const trainSeconds = start + steps * pace.secondsPerStep;
  const evalSecondsEach = start + ofProbe * pace.secondsPerBatch;
  const totalSeconds = pace.hostStartSeconds + trainSeconds + 2 * evalSecondsEach;
  const batch = ((pace.secondsPerBatch * ofProbe) / batches).toPrecision(3);
  const basis =
    `${steps} steps × ${pace.secondsPerStep.toPrecision(3)} s, ` +
    `2 evaluations × ${batches} ${batches === 1 ? 'batch' : 'batches'} × ${batch} s, ` +
    `3 starts × ${start.toFixed(1)} s, a host’s start ${pace.hostStartSeconds.toFixed(1)} s`;
  return {
    trainSeconds,
    evalSecondsEach,
    totalSeconds,
    fen: Math.ceil((totalSeconds * plan.hosts.pricePerHourFen) / 3600),
    spentFen,
    capFen: plan.money.capFen,
    basis,
  };
}

/** Batches of an evaluation, and how many of the probe's batch they take. */
function evaluationBatches(
  { evaluation: { suites, batchSize } }: ResolvedPlan,
  probed: number,
): { batches: number; ofProbe: number } {
  let batches = 0;
  let ofProbe = 0;
  for (const { questions } of suites) {
    const ofSuite = Math.ceil(questions / batchSize);
    batches += ofSuite;
    ofProbe += ofSuite * Math.max(1, Math.min(batchSize, questions) / probed);
  }
  return { batches, ofProbe };
}

/** Results of older versions tell only seconds per token. */
function paceOf({ evaluation }: ResolvedPlan, smoke: SmokeMetrics): Pace {
  if (smoke.pace) return smoke.pace;
  const { batchSize, sampling } = evaluation;
  return {
    hostStartSeconds: 0,
    prepareSeconds: 0,
    readySeconds: smoke.secondsToReady,
    secondsPerStep: smoke.train.secondsPerStep,
    secondsPerBatch: smoke.sample.secondsPerToken * batchSize * sampling.maxNewTokens,
    batchQuestions: batchSize,
  };
}
