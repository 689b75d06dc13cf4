import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseCandidate } from '../../../src/workflows/policy/choose-candidate.js';

const of = (name: string, correct: number | null, n = 200) => ({ name, correct, n });

describe('choosing a candidate', () => {
  it('takes the one with most right answers', () => {
    expect(chooseCandidate([of('a', 120), of('b', 160), of('c', 110)])).toEqual({
      winner: of('b', 160),
      clear: true,
    });
  });

  it('says when the lead is within chance', () => {
    // 1.96 * sqrt(0.6 * 0.4 * 2 / 200) = 9.6 points = 19.2 answers of 200
    expect(chooseCandidate([of('a', 111), of('b', 129)])?.clear).toBe(false);
    expect(chooseCandidate([of('a', 110), of('b', 130)])?.clear).toBe(true);
  });

  it('prefers the first of equal ones, and compares shares, not counts', () => {
    expect(chooseCandidate([of('a', 50), of('b', 50)])?.winner.name).toBe('a');
    expect(chooseCandidate([of('a', 60, 200), of('b', 40, 100)])?.winner.name).toBe('b');
  });

  it('leaves out what was never scored, and chooses nothing from nothing', () => {
    expect(chooseCandidate([of('a', null, 0), of('b', 0)])).toEqual({
      winner: of('b', 0),
      clear: true,
    });
    expect(chooseCandidate([of('a', null, 0)])).toBeNull();
    expect(chooseCandidate([])).toBeNull();
  });

  it('never chooses one that another beats', () => {
    const one = fc.record({ correct: fc.integer({ min: 0, max: 50 }), n: fc.constant(50) });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 3 }), (scores) => {
        const named = scores.map((score, i) => ({ ...score, name: String(i) }));
        const winner = chooseCandidate(named)?.winner;
        expect(winner?.correct).toBe(Math.max(...scores.map(({ correct }) => correct)));
      }),
    );
  });
});
