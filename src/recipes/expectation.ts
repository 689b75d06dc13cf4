import type { z } from 'zod';
import type { Plan } from '../contracts/plan.js';
import { stepsOf, trainingTime, type TrainingPace } from '../workflows/policy/training-time.js';
import { CARDS, type CardId } from './cards.js';
import { documentsOf } from './documents.js';
import { evaluationsOf } from './evaluations.js';
import { type Speed, speedOf } from './speeds.js';

type ParsedPlan = z.output<typeof Plan>;

export interface Expectation {
  readonly rows: number;
  readonly steps: number;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  /** Steps of all trainings, their validations, and their models written. */
  readonly trainingSeconds: number;
  readonly cards: number;
  /** Of the host: as many cards as the plan trains on. */
  readonly pricePerHourFen: number;
  /** Before and after, a pilot's candidates, the probe and the report's cases. */
  readonly evaluationSeconds: number;
  /** Again, anchor and canvases. */
  readonly checksSeconds: number;
  /** Of a trainer, in all stages. */
  readonly starts: number;
  /** Weights fetched once, loaded for each stage, a checkpoint written. */
  readonly otherSeconds: number;
  readonly totalSeconds: number;
  readonly fen: number;
  /** Whether the training speed was measured on this card; all other times are estimates. */
  readonly speedMeasured: boolean;
  /** Where and when the speed was measured that this one is, or was reckoned from. */
  readonly speedFrom: Pick<Speed['from'], 'card' | 'on' | 'conditions'>;
  /** Assumed of a way of training that nobody has measured. */
  readonly speedAssumes: Pick<NonNullable<Speed['derivation']>, 'en' | 'zh'> | null;
}

/** Assumptions behind what is not training; shown with the table. */
export const ASSUMED = {
  weightsBytes: 15_231_233_024,
  downloadBytesPerSecond: 50e6,
  diskBytesPerSecond: 500e6,
  startSeconds: 60,
  /** Of a trainer, but those that answer: smoke-train and full-train. */
  starts: 2,
  /** Forward alone against a whole step, by products: 2 of 4 per weight where the base is frozen, 2 of 6 else. */
  forwardFaster: { lora: 2, full: 3 },
  /** Share of the cards' speed that is left when several train together; nobody has measured it. */
  severalCards: 0.9,
} as const;

/** What the plan takes on a card; null where tokens or speed of its kind are not known. */
export function expect(plan: ParsedPlan, card: CardId): Expectation | null {
  const documents = documentsOf(plan.data);
  const speed = documents && speedOf(plan.training, card, documents.tokensEach);
  if (documents === null || speed === null) return null;
  const { documentsPerStep, worldSize } = plan.training;
  const steps = stepsOf(plan.training, documents.rows);
  const tokens = steps * documentsPerStep * documents.tokensEach;
  const tokensPerSecond = speed.tokensPerSecond * together(worldSize);
  const pace = paceOf(plan, documents.tokensEach, tokensPerSecond);
  const trainingSeconds = trainingsOf(plan, documents.rows, pace);
  const pricePerHourFen = CARDS[card].pricePerHourFen * worldSize;
  const { seconds: evaluationSeconds, checksSeconds, ...answering } = evaluationsOf(plan, card);
  const starts = ASSUMED.starts + (plan.pilot?.candidates.length ?? 0) + answering.starts;
  const otherSeconds = otherwise(plan, starts);
  const totalSeconds = trainingSeconds + evaluationSeconds + checksSeconds + otherSeconds;
  return {
    rows: documents.rows,
    steps,
    tokens,
    tokensPerSecond,
    trainingSeconds,
    cards: worldSize,
    pricePerHourFen,
    evaluationSeconds,
    checksSeconds,
    starts,
    otherSeconds,
    totalSeconds,
    fen: Math.ceil((totalSeconds * pricePerHourFen) / 3600),
    speedMeasured: speed.measured && worldSize === 1,
    ...sourceOf(speed),
  };
}

function sourceOf({ from, derivation }: Speed): Pick<Expectation, 'speedFrom' | 'speedAssumes'> {
  const { card, on, conditions } = from;
  const speedAssumes = derivation && { en: derivation.en, zh: derivation.zh };
  return { speedFrom: { card, on, conditions }, speedAssumes };
}

/** How many times as fast so many cards train as one; everything else uses one. */
const together = (cards: number): number => (cards === 1 ? 1 : cards * ASSUMED.severalCards);

/** What smoke-train will measure, as far as it follows from the speed of training. */
function paceOf({ training, data }: ParsedPlan, tokensEach: number, speed: number): TrainingPace {
  const faster = ASSUMED.forwardFaster[training.method];
  const validated = data.heldOutRows * (training.validation?.tGrid ?? 0) * tokensEach;
  return {
    secondsPerStep: (training.documentsPerStep * tokensEach) / speed,
    validationSeconds: validated / (speed * faster),
    exportSeconds: ASSUMED.weightsBytes / ASSUMED.diskBytesPerSecond,
  };
}

/** Full-train, the steps of smoke-train, and all candidates; another view's documents are taken to be as many and as long. */
function trainingsOf(
  { pilot, smoke, training }: ParsedPlan,
  rows: number,
  pace: TrainingPace,
): number {
  const whole = trainingTime(training, rows, pace).seconds + smoke.steps * pace.secondsPerStep;
  if (pilot === undefined) return whole;
  const { steps: _whole, ...values } = training;
  const each = trainingTime({ ...values, epochs: pilot.epochs }, rows, pace).seconds;
  return whole + pilot.candidates.length * each;
}

function otherwise(plan: ParsedPlan, starts: number): number {
  return (
    ASSUMED.weightsBytes / ASSUMED.downloadBytesPerSecond +
    starts * ASSUMED.startSeconds +
    checkpointBytes(plan.training) / ASSUMED.diskBytesPerSecond
  );
}

/** Widths of Dream 7B's projections: inputs + outputs, 28 times each. */
const SIDES = {
  q_proj: 3584 + 3584,
  k_proj: 3584 + 512,
  v_proj: 3584 + 512,
  o_proj: 3584 + 3584,
  gate_proj: 3584 + 18_944,
  up_proj: 3584 + 18_944,
  down_proj: 18_944 + 3584,
} as const;
const LAYERS = 28;
const DREAM_PARAMETERS = 7_615_616_512;
const FULL_CHECKPOINT_BYTES = 57 * 2 ** 30;

/** Factors of an adapter in Dream 7B. */
export function adapterParameters(lora: ParsedPlan['training']['lora']): number {
  return LAYERS * lora.rank * lora.modules.reduce((sum, name) => sum + SIDES[name], 0);
}

/** Parameters that get gradients. */
export function trainedParameters(training: ParsedPlan['training']): number {
  return training.method === 'lora' ? adapterParameters(training.lora) : DREAM_PARAMETERS;
}

/** Factors and both moments in float32; for all weights the figure of issue 4. */
export function checkpointBytes(training: ParsedPlan['training']): number {
  return training.method === 'lora' ? adapterParameters(training.lora) * 12 : FULL_CHECKPOINT_BYTES;
}
