import { expect, it } from 'vitest';
import { Slowdown } from '../../../src/activities/gpu/slowdown.js';

function slowdownOf(busy: readonly number[], free: readonly number[]): Slowdown {
  const slowdown = new Slowdown();
  for (const seconds of busy) slowdown.step(seconds, true);
  for (const seconds of free) slowdown.step(seconds, false);
  return slowdown;
}
const times = (n: number, ...seconds: readonly number[]): number[] =>
  Array.from({ length: n }, (_, i) => seconds[i % seconds.length]!);

it('is the share of a second that steps lose beside a checkpoint', () => {
  expect(slowdownOf(times(20, 1.25), times(20, 1)).share).toBeCloseTo(0.2, 10);
  expect(slowdownOf(times(40, 1.2, 1.3), times(40, 0.95, 1.05)).share).toBeCloseTo(0.2, 10);
});

it('is none of too few, of no slower ones, and of what chance may do', () => {
  expect(slowdownOf(times(19, 2), times(500, 1)).share).toBe(0);
  expect(slowdownOf(times(20, 2), times(19, 1)).share).toBe(0);
  expect(slowdownOf(times(20, 1), times(20, 1.5)).share).toBe(0);
  expect(slowdownOf(times(20, 0.5, 1.6), times(20, 0.5, 1.5)).share).toBe(0);
});

it('forgets what was long ago', () => {
  const slowdown = slowdownOf(times(100, 9), times(100, 1));
  for (const seconds of times(200, 2)) slowdown.step(seconds, true);
  expect(slowdown.share).toBeCloseTo(0.5, 10);
});
