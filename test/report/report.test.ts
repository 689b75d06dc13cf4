import { describe, expect, it } from 'vitest';
import { formatTick, lineChart, ticks } from '../../src/report/charts.js';
import { pickCases } from '../../src/report/comparison-cases.js';
import type { AnswerRecord } from '../../src/report/report-data.js';
import { verdictOf } from '../../src/report/sections.js';

const answer = (id: string, correct: boolean): AnswerRecord => ({
  suite: 's',
  id,
  question: id,
  gold: '1',
  answer: 'a',
  extracted: '1',
  correct,
});

describe('comparison cases', () => {
  it('are the first fixed, the first still wrong and the first that got worse', () => {
    const before = ['a', 'b', 'c', 'd', 'e'].map((id, i) => answer(id, i === 2 || i === 3));
    const after = ['a', 'b', 'c', 'd', 'e'].map((id, i) => answer(id, i === 1 || i === 2));
    expect(pickCases(before, after).map((c) => [c.verdict, c.before.id])).toEqual([
      ['fixed', 'b'],
      ['still-wrong', 'a'],
      ['got-worse', 'd'],
    ]);
  });

  it('fall back to one both right when none got worse', () => {
    const before = [answer('a', true), answer('b', false)];
    const after = [answer('b', true), answer('a', true)];
    expect(pickCases(before, after).map((c) => c.verdict)).toEqual(['fixed', 'both-right']);
  });
});

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

describe('charts', () => {
  it('put round ticks inside the range', () => {
    expect(ticks(0, 10)).toEqual([0, 5, 10]);
    expect(ticks(0.11, 0.42)).toEqual([0.2, 0.30000000000000004, 0.4]);
    expect(formatTick(0.30000000000000004)).toBe('0.3');
  });

  it('draw nothing without points and survive a flat line', () => {
    expect(lineChart({ label: 'x', points: [] }, 'step')).toBe('');
    const flat = lineChart(
      {
        label: 'a < b',
        points: [
          [0, 1],
          [1, 1],
        ],
      },
      'step',
    );
    expect(flat).toContain('<title>a &lt; b</title>');
    expect(flat).not.toContain('NaN');
  });
});
