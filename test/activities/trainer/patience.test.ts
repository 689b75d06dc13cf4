import { expect, test } from 'vitest';
import { TIMING } from '../../../src/activities/deps.js';
import { Patience, patienceMs, type Signs } from '../../../src/activities/trainer/patience.js';

const timing = { ...TIMING, beatMs: 400, hangFloorMs: 120_000, hangFactor: 20 };
const signs = (lastSignAt: number, secondsEach: number | null = 1): Signs => ({
  lastSignAt,
  secondsEach,
});

/** Looks once a period from `from` to `to`; the first time at which the patience was over. */
function overAt(watch: Patience, of: Signs, from: number, to: number): number | null {
  for (let now = from; now <= to; now += timing.beatMs) if (watch.isOver(of, now)) return now;
  return null;
}

test('a trainer without a sign of progress is given up after its patience', () => {
  expect(overAt(new Patience(timing, 0), signs(0), 400, 200_000)).toBe(120_000);
});

test('a slow pace earns more patience, and the start the most', () => {
  expect(patienceMs(timing, 10_000)).toBe(200_000);
  expect(patienceMs(timing, 100)).toBe(timing.hangFloorMs);
  expect(patienceMs(timing, null)).toBe(timing.startFloorMs);
});

test('hours in which this process did not run are not the silence of the trainer', () => {
  const watch = new Patience(timing, 0);
  const of = signs(0);
  expect(overAt(watch, of, 400, 60_000)).toBeNull();
  const woken = 60_000 + 8 * 3_600_000;
  // The 60 s of silence before it count; the 60 s that are missing are given after it.
  expect(overAt(watch, of, woken, woken + 300_000)).toBe(woken + 60_000);
});

test('a look that is a little late moves nothing', () => {
  const of = signs(0);
  new Patience(timing, 0).isOver(of, 5 * timing.beatMs);
  expect(of.lastSignAt).toBe(0);
});

test('a sign that came before the late look is not moved beyond now', () => {
  const of = signs(999_000);
  expect(new Patience(timing, 0).isOver(of, 1_000_000)).toBe(false);
  expect(of.lastSignAt).toBe(1_000_000);
});
