import { expect, test } from 'vitest';
import { TIMING } from '../../../src/activities/deps.js';
import { Pace } from '../../../src/activities/trainer/pace.js';
import type { RunSpecInput } from '../../../src/contracts/run-spec.js';
import { isSilent, patienceMs, timingWith } from '../../../src/activities/trainer/patience.js';

const timing = { ...TIMING, beatMs: 400, hangFloorMs: 120_000, hangFactor: 20 };

/** A trainer that makes a step each second, the last one at 0. */
function stepping(): Pace {
  const pace = new Pace(timing.beatMs, -1000);
  pace.measure(1, -1000);
  for (let now = -600; now < 0; now += timing.beatMs) pace.look(now);
  pace.measure(2, 0);
  return pace;
}

/** Looks once a period from `from` to `to`; the first time at which the patience was over. */
function overAt(pace: Pace, from: number, to: number): number | null {
  for (let now = from; now <= to; now += timing.beatMs) if (isSilent(timing, pace, now)) return now;
  return null;
}

test('a trainer without a sign of progress is given up after its patience', () => {
  expect(overAt(stepping(), 400, 200_000)).toBe(120_000);
});

test('a slow pace earns more patience, and the start the most', () => {
  expect(patienceMs(timing, 10_000)).toBe(200_000);
  expect(patienceMs(timing, 100)).toBe(timing.hangFloorMs);
  expect(patienceMs(timing, null)).toBe(timing.startFloorMs);
});

test('a training that asks for more patience gets it, and more than its own watchdog', () => {
  const factorOf = (spec: object): number => timingWith(timing, spec as RunSpecInput).hangFactor;
  expect(factorOf({ command: 'train', training: { hangFactor: 60 } })).toBe(75);
  expect(factorOf({ command: 'train', training: {} })).toBe(25);
  expect(factorOf({ command: 'train', training: { hangFactor: 2 } })).toBe(20);
  expect(factorOf({ command: 'evaluate' })).toBe(20);
});

test('hours in which this process did not run are not the silence of the trainer', () => {
  const pace = stepping();
  expect(overAt(pace, 400, 60_000)).toBeNull();
  const woken = 60_000 + 8 * 3_600_000;
  // The 60 s of silence before it count; the 60 s that are missing are given after it.
  expect(overAt(pace, woken, woken + 300_000)).toBe(woken + 60_000);
});
