import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chooseInterval,
  dalySeconds,
  type IntervalSituation,
} from '../../../src/activities/gpu/checkpoint-interval.js';

const HOUR = 3600;
const AUTO = { atLeastSeconds: 15, atMostSeconds: 1800 };
const situation = (change: Partial<IntervalSituation> = {}): IntervalSituation => ({
  auto: AUTO,
  cost: { costSeconds: 0.9, saveSeconds: 4, publishSeconds: 10 },
  interruptions: { everySeconds: 2.9 * HOUR, seen: 2, lostInVain: 0 },
  detectionSeconds: 5,
  ...change,
});
const seconds = (change: Partial<IntervalSituation> = {}): number =>
  chooseInterval(situation(change)).seconds;
const cost = (costSeconds: number | null, saveSeconds = 0, publishSeconds = 0) => ({
  costSeconds,
  saveSeconds,
  publishSeconds,
});

const positive = (max: number): fc.Arbitrary<number> =>
  fc.double({ min: 1e-6, max, noNaN: true, noDefaultInfinity: true });
const situations: fc.Arbitrary<IntervalSituation> = fc
  .record({
    bounds: fc.tuple(positive(5000), positive(5000)),
    costSeconds: fc.option(positive(1000)),
    saveSeconds: fc.option(positive(2000)),
    publishSeconds: fc.option(positive(5000)),
    everySeconds: positive(1e6),
    seen: fc.nat(1000),
    lostInVain: fc.nat(50),
    detectionSeconds: positive(300),
  })
  .map(({ bounds, costSeconds, saveSeconds, publishSeconds, detectionSeconds, ...seen }) => ({
    auto: { atLeastSeconds: Math.min(...bounds), atMostSeconds: Math.max(...bounds) },
    cost: { costSeconds, saveSeconds, publishSeconds },
    interruptions: seen,
    detectionSeconds,
  }));
const RUNS = { seed: 11, numRuns: 500 };

describe('Daly’s interval', () => {
  it.each([
    // The captions of figures 3 to 5 of his paper, in minutes.
    [24 * 60, 117],
    [6 * 60, 57],
    [15, 9.1],
  ])('is the published one: 5 min of dump, %d min between failures, %d min', (mean, published) => {
    const minutes = dalySeconds(5 * 60, mean * 60) / 60;
    expect(minutes.toFixed(published < 10 ? 1 : 0)).toBe(String(published));
  });

  it('is the life of a host where a checkpoint costs two of them', () => {
    expect(dalySeconds(1, 0.5)).toBe(0.5);
    expect(dalySeconds(100, 20)).toBe(20);
  });

  it('tends to Young’s √(2CM) as the cost becomes small', () => {
    fc.assert(
      fc.property(positive(1e6), positive(1e-6), (mean, share) => {
        const one = share * mean;
        expect(dalySeconds(one, mean) / Math.sqrt(2 * one * mean)).toBeCloseTo(1, 2);
      }),
      RUNS,
    );
  });

  it('loses no more than its neighbours, in the model that Daly solves', () => {
    // Time for a second of work: M e^(R/M) (e^((T + C)/M) − 1) / T, with M; R moves nothing.
    const lost = (every: number, one: number, mean: number): number =>
      (mean * Math.expm1((every + one) / mean)) / every;
    for (const share of [1e-5, 1e-3, 0.02, 0.2]) {
      const best = dalySeconds(share * HOUR, HOUR);
      for (const other of [0.8, 1.25]) {
        expect(lost(best, share * HOUR, HOUR)).toBeLessThan(lost(other * best, share * HOUR, HOUR));
      }
    }
  });
});

describe('the interval', () => {
  it('is Daly’s where nothing bounds it, and says from what', () => {
    expect(chooseInterval(situation())).toEqual({
      seconds: dalySeconds(0.9, 2.9 * HOUR),
      rule: 'young-daly',
      costSeconds: 0.9,
      saveSeconds: 4,
      publishSeconds: 10,
      interruptionEverySeconds: 2.9 * HOUR,
      interruptionsSeen: 2,
      lostInVain: 0,
    });
  });

  it('says which bound decided', () => {
    const rules = (change: Partial<IntervalSituation>) => {
      const { seconds: every, rule } = chooseInterval(situation(change));
      return [every, rule];
    };
    expect(rules({ cost: cost(null) })).toEqual([60, 'unmeasured']);
    expect(rules({ cost: cost(0.9, 30, 120) })).toEqual([150, 'publishing']);
    expect(rules({ detectionSeconds: 200 })).toEqual([200, 'detection']);
    expect(rules({ auto: { ...AUTO, atMostSeconds: 100 } })).toEqual([100, 'at-most']);
    expect(rules({ auto: { ...AUTO, atLeastSeconds: 300 } })).toEqual([300, 'at-least']);
  });

  it('is halved by each loss in vain, from the first that was never measured on', () => {
    const vain = (lostInVain: number) => ({ everySeconds: 2.9 * HOUR, seen: 2, lostInVain });
    const full = dalySeconds(0.9, 2.9 * HOUR);
    expect([0, 1, 2].map((n) => seconds({ interruptions: vain(n) }))).toEqual([
      full,
      full / 2,
      full / 4,
    ]);
    expect(seconds({ interruptions: vain(9) })).toBe(15);
    expect(seconds({ interruptions: vain(1), cost: cost(null) })).toBe(30);
  });

  it('is never shorter than saving and publishing take, nor out of the bounds of the plan', () => {
    fc.assert(
      fc.property(situations, (one) => {
        const every = seconds(one);
        const takes = (one.cost.saveSeconds ?? 0) + (one.cost.publishSeconds ?? 0);
        expect(every).toBeGreaterThanOrEqual(takes);
        expect(every).toBeGreaterThanOrEqual(one.auto.atLeastSeconds);
        expect(every).toBeLessThanOrEqual(Math.max(one.auto.atMostSeconds, takes));
      }),
      RUNS,
    );
  });

  it('grows with what a checkpoint costs and with the time between interruptions', () => {
    fc.assert(
      fc.property(situations, positive(100), positive(1e6), (one, dearer, rarer) => {
        const { costSeconds } = one.cost;
        const { everySeconds } = one.interruptions;
        const often = seconds(one);
        // Where a checkpoint costs more than two lives of a host Daly’s approximation ends in a step.
        fc.pre((costSeconds ?? 0) + dearer < 2 * everySeconds);
        if (costSeconds !== null) {
          const dear = { ...one.cost, costSeconds: costSeconds + dearer };
          expect(seconds({ ...one, cost: dear })).toBeGreaterThanOrEqual(often);
        }
        const rare = { ...one.interruptions, everySeconds: everySeconds + rarer };
        expect(seconds({ ...one, interruptions: rare })).toBeGreaterThanOrEqual(often);
        const vain = { ...one.interruptions, lostInVain: one.interruptions.lostInVain + 1 };
        expect(seconds({ ...one, interruptions: vain })).toBeLessThanOrEqual(often);
      }),
      RUNS,
    );
  });
});
