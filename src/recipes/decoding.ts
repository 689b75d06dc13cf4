import { mostSteps, type SamplingConfig } from '../contracts/sampling.js';
import { CARDS, type CardId } from './cards.js';
import { DECODED, PROMPTS } from './decoding-measurements.js';

/**
 * Seconds in which a card decodes so many questions of GSM8K's lengths to the end of the canvas:
 *
 *   row pass    every position of every row
 *   block pass  the open block alone, the rest kept
 *   batch       per_block: blocks × (row pass + (steps of a block − 1) × block pass)
 *               uncached:  steps × row pass
 *
 * Both kinds of pass follow from the measured speeds. Between measured batch sizes a straight line;
 * other lengths and cards by the slower of two things, products (tokens ÷ peak) and reading the
 * weights (1 ÷ bandwidth). Rows of one padded length fill batches of their own.
 */
export function decodingSeconds(
  questions: number,
  { sampling, batchSize }: { readonly sampling: SamplingConfig; readonly batchSize: number },
  card: CardId,
): number {
  const all = PROMPTS.reduce((sum, one) => sum + one.questions, 0);
  return PROMPTS.reduce((sum, one) => {
    const batches = Math.ceil((questions * one.questions) / all / batchSize);
    const rowTokens = one.tokens + sampling.maxNewTokens;
    return sum + batches * secondsPerBatch(sampling, batchSize, rowTokens, card);
  }, 0);
}

/** One batch; a commit pass is taken to cost what a refresh does, which is more. */
export function secondsPerBatch(
  sampling: SamplingConfig,
  batch: number,
  rowTokens: number,
  card: CardId,
): number {
  const { blockLength, cache, maxNewTokens } = sampling;
  const steps = mostSteps(sampling);
  if (blockLength === null || cache === 'none' || cache === 'every_step') {
    const timed = between(batch, UNCACHED_PASSES);
    return steps * timed * slower(batch, rowTokens, DECODED.rowTokens, card);
  }
  const blocks = Math.max(1, Math.ceil(maxNewTokens / blockLength));
  const row = between(batch, ROW_PASSES) * slower(batch, rowTokens, DECODED.rowTokens, card);
  const width = Math.min(blockLength, maxNewTokens) + 1;
  const block = between(batch, BLOCK_PASSES) * slower(batch, width, MEASURED_WIDTH, card);
  const stepsOfBlock = Math.max(1, Math.ceil(steps / blocks));
  return blocks * (row + (stepsOfBlock - 1) * block);
}

interface Pass {
  readonly batch: number;
  readonly seconds: number;
}
type Passes = readonly [Pass, Pass];

/** A block's pass begins one position earlier: the logit of its first token lives there. */
const MEASURED_WIDTH = DECODED.blockLength + 1;
const BLOCKS = DECODED.newTokens / DECODED.blockLength;

/** Four tokens a step leave out three of four block passes, and the row passes stay. */
const BLOCK_PASSES: Passes = passesOf(DECODED.perBlock, ({ batch, atOne, atFour }) => {
  const left = DECODED.newTokens - DECODED.newTokens / 4;
  return (batch * DECODED.newTokens * (1 / atOne - 1 / atFour)) / left;
});
const ROW_PASSES: Passes = passesOf(DECODED.perBlock, ({ batch, atOne }, index) => {
  const blockPasses = (DECODED.newTokens - BLOCKS) * BLOCK_PASSES[index]!.seconds;
  return ((batch * DECODED.newTokens) / atOne - blockPasses) / BLOCKS;
});
/** One token a step. */
const UNCACHED_PASSES: Passes = passesOf(
  DECODED.uncached,
  ({ batch, tokensPerSecond }) => batch / tokensPerSecond,
);

function passesOf<T extends { readonly batch: number }>(
  [small, large]: readonly [T, T],
  secondsOf: (one: T, index: 0 | 1) => number,
): Passes {
  return [
    { batch: small.batch, seconds: secondsOf(small, 0) },
    { batch: large.batch, seconds: secondsOf(large, 1) },
  ];
}

function between(batch: number, [small, large]: Passes): number {
  const slope = (large.seconds - small.seconds) / (large.batch - small.batch);
  return small.seconds + (batch - small.batch) * slope;
}

/** How many times as long a pass takes there as with the measured length on the measured card. */
function slower(batch: number, tokens: number, measuredTokens: number, card: CardId): number {
  return work(batch * tokens, card) / work(batch * measuredTokens, DECODED.card);
}

/** In proportion to seconds: products of so many tokens, or one reading of all weights. */
function work(tokens: number, card: CardId): number {
  const { peak, bandwidth } = CARDS[card];
  return Math.max(tokens / peak, 1 / bandwidth);
}
