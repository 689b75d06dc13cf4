import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Alarm } from '../../../src/activities/trainer/alarm.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function rung(alarm: Alarm): Promise<boolean> {
  const no = Promise.resolve(false);
  return Promise.race([alarm.rings.then(() => true), no.then(() => no)]);
}

it('rings at the time that it was set to last', async () => {
  const alarm = new Alarm();
  alarm.arm(1000);
  alarm.arm(10);
  vi.advanceTimersByTime(9);
  expect(await rung(alarm)).toBe(false);
  vi.advanceTimersByTime(1);
  expect(await rung(alarm)).toBe(true);
});

it('does not ring when it was taken back, nor at once for a time without end', async () => {
  const alarm = new Alarm();
  alarm.arm(10);
  alarm.disarm();
  vi.advanceTimersByTime(1000);
  expect(await rung(alarm)).toBe(false);
  alarm.arm(Number.POSITIVE_INFINITY);
  vi.advanceTimersByTime(1000);
  expect(await rung(alarm)).toBe(false);
});
