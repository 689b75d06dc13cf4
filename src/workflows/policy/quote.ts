import { detectableOf } from '../../contracts/detectable.js';
import type { Pace, StageMetrics } from '../../contracts/outcome.js';
import type { ResolvedPlan } from '../../contracts/plan.js';
import type { Quote } from '../../contracts/quote.js';
import { secondsPerBatch } from '../../recipes/decoding.js';
import { COMMONEST_PROMPT, DECODED } from '../../recipes/decoding-measurements.js';
import { type Asking, askingsAfter, askingsBefore, MAIN } from './askings.js';
import { trialPlan } from './pilot.js';
import {
  basisOf,
  checksWords,
  evaluationsWords,
  exportWords,
  hostWords,
  pilotWords,
  startsWords,
  stepsWords,
  validationsWords,
  type Words,
} from './quote-basis.js';
import { shardsOf } from './shards.js';
import { stepsOf, trainingTime } from './training-time.js';

type SmokeMetrics = Extract<StageMetrics, { kind: 'smoke-train' }>;

/** Optimizer steps of full-train; `rows` is what convert kept for training. */
export const totalSteps = ({ training }: ResolvedPlan, rows: number): number =>
  stepsOf(training, rows);

/**
 * What smoke-train predicts, from seconds that it measured:
 *
 *   start        = bringing inputs to the host + trainer's start to its first step
 *   training     = start + steps × seconds per step (the first step, which warms up, left out)
 *                + validations × seconds of one + writing the model
 *   evaluation   = shards × start + batches × seconds per batch
 *   checks       = Σ over again, anchor and canvases: the same, a batch of theirs as long against the
 *                  probe's as measured decoding has it for its size, cache, canvas and steps
 *   pilot        = Σ over candidates: a training of its epochs + an evaluation of its questions
 *   rest of plan = host start + pilot + training + 2 × evaluation + checks
 *
 * with batches = Σ over suites of ⌈questions / batch size⌉. Hosts that answer shards side by side
 * make it shorter, and cost as much together. The probe decodes one batch of the
 * evaluation's own size to the end of the canvas, so that answers which end early make the
 * evaluation shorter; a probe of fewer questions counts in proportion. A host starts once more
 * at most: it is given back where the gate waits for a person. A candidate of another view is taken
 * to be as fast and to keep as many rows as the plan's own, for its documents are not converted yet.
 * Writing is that of as many bytes as the base has, on the host's own disk: an upload comes beside.
 * Price per hour × that, rounded up: the price is a host's, however many cards it has, and the pace
 * was measured on all of those that the plan uses.
 */
export function quote(
  plan: ResolvedPlan,
  smoke: SmokeMetrics,
  rows: number,
  spentFen: number,
): Quote {
  const pace = paceOf(plan, smoke);
  const { batches, ofProbe } = evaluationBatches(plan.evaluation, pace.batchQuestions);
  const start = pace.prepareSeconds + pace.readySeconds;
  const training = trainingOf(plan, pace, rows);
  const trainSeconds = start + training.seconds;
  const shards = shardsOf(plan.evaluation).length;
  const evalSecondsEach = shards * start + ofProbe * pace.secondsPerBatch;
  const trials = pilotOf(plan, pace, rows, start);
  const checks = checksOf(plan, pace, start);
  const totalSeconds =
    pace.hostStartSeconds + trials.seconds + trainSeconds + 2 * evalSecondsEach + checks.seconds;
  const rest = [
    ...training.words,
    evaluationsWords(batches, (pace.secondsPerBatch * ofProbe) / batches),
    ...checks.words,
    startsWords(1 + 2 * shards + trials.starts + checks.starts, start),
    hostWords(pace.hostStartSeconds),
  ];
  return {
    trainSeconds,
    evalSecondsEach,
    ...(plan.pilot ? { pilotSeconds: trials.seconds } : {}),
    ...(checks.starts > 0 ? { checksSeconds: checks.seconds } : {}),
    totalSeconds,
    fen: Math.ceil((totalSeconds * plan.hosts.pricePerHourFen) / 3600),
    spentFen,
    capFen: plan.money.capFen,
    ...basisOf(trials.words, rest, plan.training.worldSize),
    detectable: detectableOf(plan.evaluation.suites),
  };
}

/** What a plan may have beside its training and its two evaluations. */
interface Extra {
  readonly seconds: number;
  readonly starts: number;
  readonly words: readonly Words[];
}

const NOTHING: Extra = { seconds: 0, starts: 0, words: [] };

/** What comes after the start; results of older versions tell neither validation nor writing. */
function trainingOf(
  plan: ResolvedPlan,
  { secondsPerStep, validationSeconds = 0, exportSeconds = 0 }: Pace,
  rows: number,
): { readonly steps: number; readonly seconds: number; readonly words: readonly Words[] } {
  const pace = { secondsPerStep, validationSeconds, exportSeconds };
  const { steps, validations: times, seconds } = trainingTime(plan.training, rows, pace);
  const words = [
    stepsWords(steps, secondsPerStep),
    ...(times > 0 ? [validationsWords(times, validationSeconds)] : []),
    ...(exportSeconds > 0 ? [exportWords(exportSeconds)] : []),
  ];
  return { steps, seconds, words };
}

function pilotOf(plan: ResolvedPlan, pace: Pace, rows: number, start: number): Extra {
  const { pilot } = plan;
  if (pilot === undefined) return NOTHING;
  const candidates = pilot.candidates.length;
  let seconds = 0;
  let steps = 0;
  let batches = 0;
  for (const one of pilot.candidates) {
    const trial = trialPlan(plan, pilot, one);
    const asked = evaluationBatches(trial.evaluation, pace.batchQuestions);
    const training = trainingOf(trial, pace, rows);
    ({ steps } = training);
    batches = asked.batches;
    seconds += 2 * start + training.seconds + asked.ofProbe * pace.secondsPerBatch;
  }
  return { seconds, starts: 2 * candidates, words: [pilotWords(candidates, steps, batches)] };
}

/** What is asked beside the evaluations, so that they can be believed. */
function checksOf(plan: ResolvedPlan, pace: Pace, start: number): Extra {
  const askings = [...askingsBefore(plan), ...askingsAfter(plan)];
  const checks = askings.filter(({ name }) => name !== MAIN);
  if (checks.length === 0) return NOTHING;
  const starts = checks.reduce((sum, { evaluation }) => sum + shardsOf(evaluation).length, 0);
  const batches = checks.reduce(
    (sum, check) => sum + probesIn(check, plan, pace.batchQuestions),
    0,
  );
  const seconds = starts * start + batches * pace.secondsPerBatch;
  return { seconds, starts, words: [checksWords(checks.length, batches)] };
}

/** How many of the probe's batches a check is as long as, by decoding as it was measured on a card. */
function probesIn({ evaluation }: Asking, plan: ResolvedPlan, probed: number): number {
  const { batches } = evaluationBatches(evaluation, evaluation.batchSize);
  return (
    (batches * batchSeconds(evaluation, evaluation.batchSize)) /
    batchSeconds(plan.evaluation, probed)
  );
}

const batchSeconds = ({ sampling }: ResolvedPlan['evaluation'], batch: number): number =>
  secondsPerBatch(sampling, batch, COMMONEST_PROMPT + sampling.maxNewTokens, DECODED.card);

/** Batches of an evaluation, and how many of the probe's batch they take. */
function evaluationBatches(
  { suites, batchSize }: ResolvedPlan['evaluation'],
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
