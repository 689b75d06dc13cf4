import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideLeave,
  dropsOlder,
  type LeaveSituation,
  mayFinish,
  usableSeconds,
} from '../../../src/activities/trainer/leave-decision.js';

const situation = (changes: Partial<LeaveSituation>): LeaveSituation => ({
  secondsLeft: 120,
  marginSeconds: 5,
  stepSeconds: 4,
  saveSeconds: 6,
  publishSeconds: 40,
  keepsDisk: false,
  ...changes,
});

describe('decideLeave', () => {
  it.each([
    ['AWS: all of it fits', {}, { last: 'publish', trainerSeconds: 75 }],
    ['just fits', { secondsLeft: 55 }, { last: 'publish', trainerSeconds: 10 }],
    ['does not fit by a second', { secondsLeft: 54 }, { last: 'none', trainerSeconds: 0 }],
    [
      'the same, where the disk stays',
      { secondsLeft: 54, keepsDisk: true },
      { last: 'stage', trainerSeconds: 49 },
    ],
    [
      'not even the save fits, although the disk stays',
      { secondsLeft: 12, keepsDisk: true },
      { last: 'none', trainerSeconds: 0 },
    ],
    ['a batch of an evaluation is too long', { stepSeconds: 90 }, { last: 'none' }],
    ['GCP: 30 s', { secondsLeft: 30 }, { last: 'none' }],
    ['Aliyun: 300 s', { secondsLeft: 300 }, { last: 'publish', trainerSeconds: 255 }],
    ['the end is now', { secondsLeft: 0, keepsDisk: true }, { last: 'none', trainerSeconds: 0 }],
    ['the end was before', { secondsLeft: -3 }, { last: 'none', trainerSeconds: 0 }],
    [
      'nothing was measured: tried, with all the time there is',
      { stepSeconds: 0, saveSeconds: null, publishSeconds: null },
      { last: 'publish', trainerSeconds: 115 },
    ],
    [
      'RunPod: 5 s for a tiny checkpoint, of which 1 s is kept free',
      { secondsLeft: 5, stepSeconds: 0.1, saveSeconds: 0.2, publishSeconds: 0.3 },
      { last: 'publish', trainerSeconds: 3.7 },
    ],
  ] as const)('%s', (_, changes, expected) => {
    expect(decideLeave(situation(changes))).toMatchObject(expected);
  });
});

const seconds = fc.double({ min: 0, max: 1000, noNaN: true });
const measured = fc.option(seconds, { nil: null });
const situations = fc.record({
  secondsLeft: fc.double({ min: -100, max: 1000, noNaN: true }),
  marginSeconds: seconds,
  stepSeconds: seconds,
  saveSeconds: measured,
  publishSeconds: measured,
  keepsDisk: fc.boolean(),
});
const RANK = { none: 0, stage: 1, publish: 2 } as const;

describe('whatever is known', () => {
  it('what was measured not to fit is not begun', () => {
    fc.assert(
      fc.property(situations, (one) => {
        const usable = usableSeconds(one.secondsLeft, one.marginSeconds);
        const { last, trainerSeconds } = decideLeave(one);
        const needs = one.stepSeconds + (one.saveSeconds ?? 0);
        // Taking the time to publish off and on again loses a last digit.
        const publish = last === 'publish' ? (one.publishSeconds ?? 0) : 0;
        expect(trainerSeconds + publish).toBeCloseTo(last === 'none' ? 0 : usable, 6);
        expect(last === 'none' || needs <= usable).toBe(true);
        expect(last !== 'stage' || one.keepsDisk).toBe(true);
      }),
    );
  });

  it('more time, or a disk that stays, never makes less of it', () => {
    fc.assert(
      fc.property(situations, seconds, (one, more) => {
        const rank = (changes: Partial<LeaveSituation>): number =>
          RANK[decideLeave({ ...one, ...changes }).last];
        expect(rank({ secondsLeft: one.secondsLeft + more })).toBeGreaterThanOrEqual(rank({}));
        expect(rank({ keepsDisk: true })).toBeGreaterThanOrEqual(rank({ keepsDisk: false }));
      }),
    );
  });

  it('a margin leaves at least four fifths of the time, and never more than there is', () => {
    fc.assert(
      fc.property(seconds, seconds, (left, margin) => {
        const usable = usableSeconds(left, margin);
        expect(usable).toBeGreaterThanOrEqual(left * 0.8 - 1e-9);
        expect(usable).toBeLessThanOrEqual(left);
        expect(usable).toBeGreaterThanOrEqual(left - margin);
      }),
    );
  });
});

describe('an older upload', () => {
  it.each([
    ['the newer one fits', 20, 20, true],
    ['it does not', 20, 21, false],
    ['nobody knows what it takes', 20, null, false],
  ] as const)('gives way: %s', (_, usable, publish, expected) => {
    expect(dropsOlder(usable, publish)).toBe(expected);
  });

  it.each([
    ['the rest fits', 10, 40, 30, true],
    ['the rest does not', 10, 40, 29, false],
    ['it is late already, and may end at any moment', 10, 40, 60, true],
    ['nobody knows what it takes', 10, null, 1, true],
    ['there is no time at all', 0, null, 1, false],
  ] as const)('is waited for: %s', (_, usable, publish, running, expected) => {
    expect(mayFinish(usable, publish, running)).toBe(expected);
  });
});
