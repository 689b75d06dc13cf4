import { describe, expect, it } from 'vitest';
import { pickCases } from '../../src/report/comparison-cases.js';
import type { AnswerRecord } from '../../src/report/report-data.js';

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
