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

  const picked = (before: readonly boolean[], after: readonly boolean[]): [string, string][] =>
    pickCases(
      before.map((correct, i) => answer(String(i), correct)),
      after.map((correct, i) => answer(String(i), correct)),
    ).map((c) => [c.verdict, c.after.id]);

  it('are the first of each kind, however many there are', () => {
    const before = [true, false, false, true, false, false, true];
    const after = [true, false, true, false, true, false, false];
    expect(picked(before, after)).toEqual([
      ['fixed', '2'],
      ['still-wrong', '1'],
      ['got-worse', '3'],
    ]);
    expect(picked([false, true, false], [true, true, false])).toEqual([
      ['fixed', '0'],
      ['still-wrong', '2'],
      ['both-right', '1'],
    ]);
  });

  it('leave out a kind without a question', () => {
    expect(picked([false], [true])).toEqual([['fixed', '0']]);
    expect(picked([], [])).toEqual([]);
  });

  it('pair by id, not by place', () => {
    const before = [answer('1', false), answer('2', false), answer('3', false)];
    const after = [answer('3', true), answer('1', false)];
    expect(pickCases(before, after).map((c) => [c.verdict, c.before.id, c.after.id])).toEqual([
      ['fixed', '3', '3'],
      ['still-wrong', '1', '1'],
    ]);
  });
});
