import type { CardId } from './cards.js';

/** Tokens/s of one batch size: one token a step, and four. */
interface PerBlock {
  readonly batch: number;
  readonly atOne: number;
  readonly atFour: number;
}

interface Uncached {
  readonly batch: number;
  readonly tokensPerSecond: number;
}

/**
 * What was measured of decoding: our sampler on one card, random weights of the real shape
 * (bench/README.md, bench/sample_gpu.py). `perBlock`: the cache is refreshed once a block.
 */
export const DECODED = {
  card: 'h100-80g' satisfies CardId,
  on: '2026-11-24',
  rowTokens: 768,
  newTokens: 256,
  blockLength: 32,
  perBlock: [
    { batch: 1, atOne: 117, atFour: 408 },
    { batch: 32, atOne: 679, atFour: 1242 },
  ] satisfies [PerBlock, PerBlock],
  uncached: [
    { batch: 1, tokensPerSecond: 50.1 },
    { batch: 32, tokensPerSecond: 50.4 },
  ] satisfies [Uncached, Uncached],
} as const;

/** GSM8K's 1319 test questions in Dream's chat form, by prompt tokens rounded up as rows are. */
export const PROMPTS = [
  { tokens: 64, questions: 355 },
  { tokens: 128, questions: 912 },
  // One question of 207 tokens is counted here.
  { tokens: 192, questions: 52 },
] as const;

/** Tokens of a prompt as most of them are padded. */
export const COMMONEST_PROMPT = 128;
