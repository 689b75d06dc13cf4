import { expect, test } from 'vitest';
import { TIMING } from '../../../src/activities/deps.js';
import { HeartbeatThrottle } from '../../../src/activities/trainer/heartbeat-throttle.js';

/** When beats of a timer are sent, in milliseconds, over a minute. */
function sentAt(timeoutMs: number, periodMs: number): number[] {
  const throttle = new HeartbeatThrottle(timeoutMs * TIMING.heartbeatShare, periodMs);
  const times: number[] = [];
  for (let now = 0; now <= 60_000; now += periodMs) {
    if (!throttle.due(now)) continue;
    throttle.sent(now);
    times.push(now);
  }
  return times;
}

test.each([
  // A stall may begin right before a beat, and end as much later as the timeout allows.
  { profile: 'default', timeout: 30_000, throttle: 5000, stall: 15_000 },
  { profile: 'demo', timeout: 5000, throttle: 1000, stall: 2000 },
])(
  '$profile: a heartbeat within $throttle ms of the last, and room for a stall of $stall ms',
  ({ timeout, throttle, stall }) => {
    const times = sentAt(timeout, TIMING.beatMs);
    const gaps = times.slice(1).map((time, at) => time - times[at]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(throttle);
    expect(Math.min(...gaps)).toBeGreaterThan(throttle / 2);
    expect(Math.max(...gaps) + stall).toBeLessThan(timeout);
  },
);

test('the first beat is sent, and every one where nobody waits for any', () => {
  expect(sentAt(30_000, 400)[0]).toBe(0);
  expect(sentAt(0, 400)).toHaveLength(151);
});
