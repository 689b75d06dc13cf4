import { expect, test } from 'vitest';
import { Pace } from '../../../src/activities/trainer/pace.js';

const PERIOD = 400;

/** Looks once a period after `from`, up to `to`, as the timer of a process that runs does. */
function awake(pace: Pace, from: number, to: number): void {
  for (let now = from + PERIOD; now <= to; now += PERIOD) pace.look(now);
}

/** Two steps of two seconds each; the second at 4000. */
function stepping(): Pace {
  const pace = new Pace(PERIOD, 0);
  awake(pace, 0, 2000);
  pace.measure(1, 2000);
  awake(pace, 2000, 4000);
  pace.measure(2, 4000);
  return pace;
}

test('the pace is known after two steps, and follows slowly', () => {
  const pace = new Pace(PERIOD, 0);
  pace.measure(1, 400);
  expect(pace.secondsEach).toBeNull();
  pace.measure(3, 800);
  expect(pace.secondsEach).toBe(0.2);
  pace.measure(4, 2000);
  expect(pace.secondsEach).toBeCloseTo(0.2 + 0.1 * (1.2 - 0.2));
  pace.forget();
  expect(pace.secondsEach).toBeNull();
});

test('hours asleep are not one slow step, whether the timer or the step comes first', () => {
  const asleep = 8 * 3_600_000;
  for (const timerFirst of [true, false]) {
    const pace = stepping();
    awake(pace, 4000, 4800);
    const woken = 4800 + asleep;
    if (timerFirst) pace.look(woken);
    pace.measure(3, woken + (timerFirst ? 1200 : 0));
    // 0.8 s before the sleep, and 1.2 s after it where there were any.
    const third = timerFirst ? 2 : 0.8;
    expect(pace.secondsEach).toBeCloseTo(2 + 0.1 * (third - 2));
  }
});

test('a look that is a little late is no sleep', () => {
  const pace = stepping();
  expect(pace.silentMs(4000 + 5 * PERIOD)).toBe(5 * PERIOD);
  expect(pace.silentMs(4000 + 10 * PERIOD)).toBe(10 * PERIOD);
});

test('a sign that came before the late look is not moved beyond now', () => {
  const pace = stepping();
  pace.sign(4000);
  expect(pace.silentMs(1_000_000)).toBe(0);
});
