import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAULTS } from '../../src/drill/faults/table.js';
import { schedule } from '../../src/drill/schedule.js';

const SPAN = { steps: 300, everySteps: 10 };

describe('schedule', () => {
  it('takes every fault in turn', () => {
    const blows = schedule(FAULTS, 2 * FAULTS.length, 1, SPAN);
    const names = FAULTS.map(({ name }) => name);
    expect(blows.map(({ fault }) => fault.name)).toEqual([...names, ...names]);
    expect(blows.map(({ trial }) => trial)).toEqual(blows.map((_, index) => index + 1));
  });

  it('strikes behind the second checkpoint and before the middle, whatever the seed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 50 }), (seed, trials) => {
        for (const { atStep } of schedule(FAULTS, trials, seed, SPAN)) {
          expect(atStep).toBeGreaterThanOrEqual(20);
          expect(atStep).toBeLessThanOrEqual(150);
        }
      }),
    );
  });

  it('is a function of seed and trial: more trials change none of the first', () => {
    const steps = (trials: number, seed: number) =>
      schedule(FAULTS, trials, seed, SPAN).map(({ atStep }) => atStep);
    expect(steps(40, 7).slice(0, 9)).toEqual(steps(9, 7));
    expect(steps(40, 7)).not.toEqual(steps(40, 8));
  });
});

it('names of faults are one word each, told in both languages', () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  for (const { name, en, zh } of FAULTS) {
    expect(name).toMatch(/^[a-z]+(-[a-z0-9]+)+$/);
    expect(en).not.toBe(zh);
  }
});
