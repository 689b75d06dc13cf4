import { expect, test } from 'vitest';
import { duration, roundDuration } from '../../src/contracts/duration.js';

test.each([
  [0.5, '0.5 s'],
  [9.97, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [61, '1 min 1 s'],
  [92.7, '1 min 33 s'],
  [119.7, '2 min 0 s'],
  [3599.8, '1 h 0 min'],
  [3660, '1 h 1 min'],
  [90_000, '1 d 1 h'],
])('%d seconds', (seconds, text) => expect(duration(seconds)).toBe(text));

test.each([
  [432_000, '5 d', '5 天'],
  [433_000, '5 d', '5 天'],
  [439_200, '5 d 2 h', '5 天 2 小时'],
  [1800, '30 min', '30 分'],
])('a plan of %d seconds has no last part of zero', (seconds, en, zh) =>
  expect([roundDuration(seconds), roundDuration(seconds, 'zh')]).toEqual([en, zh]),
);
