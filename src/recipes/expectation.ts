import type { z } from 'zod';
import type { Plan } from '../contracts/plan.js';
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
  /** Weights fetched once, loaded for each stage, results written. */
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
  const beside = plan.smoke.steps + pilotSteps(plan, documents.rows);
  const tokens = steps * documentsPerStep * documents.tokensEach;
  const trained = tokens + beside * documentsPerStep * documents.tokensEach;
  const tokensPerSecond = speed.tokensPerSecond * together(worldSize);
  const trainingSeconds = trained / tokensPerSecond;
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

/** Steps of all candidates; another view's documents are taken to be as many and as long. */
function pilotSteps({ pilot, training }: ParsedPlan, rows: number): number {
  if (pilot === undefined) return 0;
  const { steps: _whole, ...values } = training;
  return pilot.candidates.length * stepsOf({ ...values, epochs: pilot.epochs }, rows);
}

/** As the trainer counts: global batches that cover so many passes. */
function stepsOf(training: ParsedPlan['training'], rows: number): number {
  return training.steps ?? Math.ceil((rows * (training.epochs ?? 0)) / training.documentsPerStep);
}

function otherwise(plan: ParsedPlan, starts: number): number {
  const written = ASSUMED.weightsBytes + checkpointBytes(plan.training);
  return (
    ASSUMED.weightsBytes / ASSUMED.downloadBytesPerSecond +
    starts * ASSUMED.startSeconds +
    written / ASSUMED.diskBytesPerSecond
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
