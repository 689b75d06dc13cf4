import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginning,
  DETAILS_BYTES,
  detailsOf,
  LINE_BYTES,
} from '../../../src/activities/trainer/heartbeat-details.js';
import { StageProgress } from '../../../src/contracts/progress.js';

const encoded = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
/** Chinese, emoji, control characters, quotes and lone surrogates, each in long runs. */
const text = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom('损', '失', '😀', '𠮷', '"', '\\', '\u0000', '\ud800', 'a', '\u007f'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
      ),
      fc.nat(300),
    ),
    { maxLength: 8 },
  )
  .map((runs) => runs.map(([part, times]) => part.repeat(times)).join(''));
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const whole = fc.maxSafeInteger();
const count = fc.maxSafeNat();

const progress: fc.Arbitrary<StageProgress> = fc.record({
  phase: fc.constantFrom('preparing', 'restoring', 'publishing', 'running'),
  attempt: whole,
  token: whole,
  host: text,
  trainerPid: whole,
  done: whole,
  total: whole,
  unit: fc.constant('batches'),
  loss: number,
  tokensPerSecond: number,
  etaSeconds: number,
  tallies: fc.array(fc.record({ suite: text, correct: count, done: count }), { maxLength: 8 }),
  publishedStep: whole,
  publishedDigest: fc.constant('f'.repeat(64)),
  cpuPercent: number,
  gpu: fc.option(text),
  log: fc.array(text, { minLength: 4, maxLength: 4 }),
  resumedInexactly: fc.boolean(),
  at: fc.constant('2026-11-24T10:00:00.000Z'),
});

describe('heartbeat details', () => {
  it('stay below 2 KB and fit the contract, whatever the trainer says', () => {
    fc.assert(
      fc.property(progress, (said) => {
        const details = detailsOf(said);
        expect(encoded(details)).toBeLessThan(DETAILS_BYTES);
        expect(StageProgress.safeParse(details).error).toBeUndefined();
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it('keep four long Chinese lines, each cut between two characters', () => {
    const line = '训练损失突然变大，请检查学习率与数据。'.repeat(40);
    const said = fc.sample(progress, { seed: 1, numRuns: 1 })[0]!;
    const base = { ...said, host: 'h', gpu: null, tallies: [] };
    const { log } = detailsOf({ ...base, log: [line, line, line, line] });
    expect(log).toHaveLength(4);
    for (const kept of log) {
      expect(line.startsWith(kept)).toBe(true);
      expect(Buffer.byteLength(kept)).toBe(LINE_BYTES);
    }
  });
});

describe('the beginning of a text', () => {
  it('is the longest one of whole characters that fits', () => {
    fc.assert(
      fc.property(text, fc.nat(400), (whole, bytes) => {
        const kept = beginning(whole, bytes);
        expect(whole.startsWith(kept)).toBe(true);
        expect(encoded(kept) - 2).toBeLessThanOrEqual(bytes);
        const rest = Array.from(whole).slice(Array.from(kept).length);
        expect(kept + rest.join('')).toBe(whole);
        if (rest.length > 0) expect(encoded(kept + rest[0]) - 2).toBeGreaterThan(bytes);
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});
