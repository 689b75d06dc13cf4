import { describe, expect, it } from 'vitest';
import { verdictOf } from '../../../src/report/sections/result.js';

describe('the verdict', () => {
  const score = (low: number, high: number) => ({
    score: (low + high) / 2,
    n: 10,
    correct: 5,
    interval: [low, high] as [number, number],
    unreadable: 0,
    meanAnswerTokens: 1,
    seconds: 1,
  });

  it('only speaks of a change when the intervals do not overlap', () => {
    expect(verdictOf(score(0.1, 0.3), score(0.4, 0.6))).toBe('better');
    expect(verdictOf(score(0.4, 0.6), score(0.1, 0.3))).toBe('worse');
    expect(verdictOf(score(0.1, 0.4), score(0.3, 0.6))).toBe('noChange');
  });
});
