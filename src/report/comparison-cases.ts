import type { AnswerRecord } from './report-data.js';

export type Verdict = 'fixed' | 'still-wrong' | 'got-worse' | 'both-right';

export interface ComparisonCase {
  readonly verdict: Verdict;
  readonly before: AnswerRecord;
  readonly after: AnswerRecord;
}

const verdictOf = (before: boolean, after: boolean): Verdict => {
  if (before) return after ? 'both-right' : 'got-worse';
  return after ? 'fixed' : 'still-wrong';
};

/**
 * The stated rule: in the order of the questions, the first that was fixed, the first still wrong,
 * and the first that got worse; where none got worse, the first both right.
 */
export function pickCases(
  before: readonly AnswerRecord[],
  after: readonly AnswerRecord[],
): ComparisonCase[] {
  const key = (answer: AnswerRecord): string => `${answer.suite}\u0000${answer.id}`;
  const later = new Map(after.map((answer) => [key(answer), answer]));
  const pairs = before.flatMap((answer): ComparisonCase[] => {
    const match = later.get(key(answer));
    return match
      ? [{ verdict: verdictOf(answer.correct, match.correct), before: answer, after: match }]
      : [];
  });
  const first = (verdict: Verdict): ComparisonCase[] =>
    pairs.filter((pair) => pair.verdict === verdict).slice(0, 1);
  const worse = first('got-worse');
  return [
    ...first('fixed'),
    ...first('still-wrong'),
    ...(worse.length > 0 ? worse : first('both-right')),
  ];
}
