import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SuiteConfig } from '../../../src/contracts/sampling.js';
import { shardsOf, split } from '../../../src/workflows/policy/shards.js';

const asking = (questions: number, shards?: number) => ({
  suites: [{ name: 'gsm8k', questions, seed: 0 }] as SuiteConfig[],
  batchSize: 16,
  ...(shards === undefined ? {} : { shards }),
});

test('every question is in exactly one shard, in whole batches, whatever the number of shards', () => {
  const count = fc.integer({ min: 1, max: 5000 });
  fc.assert(
    fc.property(
      count,
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 64 }),
      (n, b, k) => {
        const shards = split(n, b, k);
        const asked = shards.flatMap(({ from, to }) =>
          Array.from({ length: to - from }, (_, at) => from + at),
        );
        expect(asked).toEqual(Array.from({ length: n }, (_, at) => at));
        expect(shards).toHaveLength(Math.min(k, Math.ceil(n / b)));
        const batches = shards.map(({ from, to }) => Math.ceil((to - from) / b));
        expect(Math.min(...batches)).toBeGreaterThanOrEqual(1);
        expect(Math.max(...batches) - Math.min(...batches)).toBeLessThanOrEqual(1);
        for (const { from } of shards) expect(from % b).toBe(0);
      },
    ),
    { seed: 5 },
  );
});

test('gsm8k in full is three shards, 500 questions are one; a plan may say otherwise', () => {
  expect(shardsOf(asking(1319))).toEqual([
    { from: 0, to: 432 },
    { from: 432, to: 880 },
    { from: 880, to: 1319 },
  ]);
  expect(shardsOf(asking(500))).toHaveLength(1);
  expect(shardsOf(asking(501))).toHaveLength(2);
  expect(shardsOf(asking(48, 3))).toHaveLength(3);
  // Three batches can be no more than three shards.
  expect(shardsOf(asking(48, 8))).toHaveLength(3);
});

test('suites are counted through', () => {
  const { suites, ...rest } = asking(20, 2);
  const [, last] = shardsOf({ ...rest, suites: [...suites, { ...suites[0]!, name: 'math500' }] });
  expect(last).toEqual({ from: 16, to: 40 });
});
