import { describe, expect, it } from 'vitest';
import { SAMPLING_PRESETS, SamplingConfig } from '../../src/contracts/sampling.js';
import { CARD_IDS, CARDS } from '../../src/recipes/cards.js';
import { decodingSeconds, secondsPerBatch } from '../../src/recipes/decoding.js';
import { DECODED, PROMPTS } from '../../src/recipes/decoding-measurements.js';

const { card, rowTokens, newTokens } = DECODED;
const perBlock = (tokensPerStep: number) =>
  SamplingConfig.parse({ maxNewTokens: newTokens, tokensPerStep });
const published = SAMPLING_PRESETS.published(newTokens);
const measured = (sampling: SamplingConfig, batch: number) =>
  (batch * newTokens) / secondsPerBatch(sampling, batch, rowTokens, card);

describe('seconds of a batch', () => {
  it.each(DECODED.perBlock)('give back what was measured at batch $batch', (one) => {
    expect(measured(perBlock(1), one.batch)).toBeCloseTo(one.atOne);
    expect(measured(perBlock(4), one.batch)).toBeCloseTo(one.atFour);
  });

  it.each(DECODED.uncached)('give back what was measured uncached at batch $batch', (one) => {
    expect(measured(published, one.batch)).toBeCloseTo(one.tokensPerSecond);
    const blocks = SamplingConfig.parse({ cache: 'every_step' });
    expect(measured(blocks, one.batch)).toBeCloseTo(one.tokensPerSecond);
  });

  it('lie on a line between the measured batches', () => {
    const at = (batch: number) => secondsPerBatch(perBlock(1), batch, rowTokens, card);
    expect(at(16) - at(1)).toBeCloseTo((15 / 31) * (at(32) - at(1)));
  });

  it('grow with rows, canvas and steps, and never fall below a pass a block', () => {
    const at = (settings: object, tokens = rowTokens) =>
      secondsPerBatch(SamplingConfig.parse(settings), 32, tokens, card);
    expect(at({}, 2 * rowTokens)).toBeGreaterThan(at({}));
    expect(at({ maxNewTokens: 512 })).toBeCloseTo(2 * at({ maxNewTokens: 256 }));
    expect(at({ steps: 128 })).toBeLessThan(at({}));
    expect(at({ tokensPerStep: 256 })).toBeCloseTo(at({ tokensPerStep: 32 }));
  });

  it('follow the slower of products and memory on other cards', () => {
    const ratio = (sampling: SamplingConfig, batch: number, on: 'h20-96g' | 'rtx4080-16g') =>
      secondsPerBatch(sampling, batch, rowTokens, on) /
      secondsPerBatch(sampling, batch, rowTokens, card);
    const { 'h100-80g': h100, 'h20-96g': h20, 'rtx4080-16g': rtx4080 } = CARDS;
    // Large batches: products alone. One row's block passes: weights are read.
    expect(ratio(perBlock(1), 32, 'h20-96g')).toBeCloseTo(h100.peak / h20.peak);
    const one = ratio(perBlock(1), 1, 'rtx4080-16g');
    expect(one).toBeGreaterThan(h100.bandwidth / rtx4080.bandwidth);
    expect(one).toBeLessThan(h100.peak / rtx4080.peak);
  });
});

describe('seconds of questions', () => {
  it('count the prompts of all of GSM8K', () => {
    expect(PROMPTS.reduce((sum, { questions }) => sum + questions, 0)).toBe(1319);
  });

  it('count whole batches of each length of rows', () => {
    const asked = { sampling: perBlock(1), batchSize: 32 };
    const batch = (tokens: number) => secondsPerBatch(asked.sampling, 32, tokens + newTokens, card);
    const once = batch(64) + batch(128) + batch(192);
    expect(decodingSeconds(1, asked, card)).toBeCloseTo(once);
    const all = 12 * batch(64) + 29 * batch(128) + 2 * batch(192);
    expect(decodingSeconds(1319, asked, card)).toBeCloseTo(all);
  });

  it('are known on every card', () => {
    for (const one of CARD_IDS) {
      const seconds = decodingSeconds(100, { sampling: perBlock(1), batchSize: 8 }, one);
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThan(Infinity);
    }
  });
});
