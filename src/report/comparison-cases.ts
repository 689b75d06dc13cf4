import type { CasePick } from '../contracts/notes.js';
import type { AnswerRecord } from './report-data.js';

export type Verdict = 'fixed' | 'still-wrong' | 'got-worse' | 'both-right';

export interface ComparisonCase {
  readonly verdict: Verdict;
  readonly before: AnswerRecord;
  readonly after: AnswerRecord;
  /** Of the person who chose it. */
  readonly comment?: string | null;
}

const verdictOf = (before: boolean, after: boolean): Verdict => {
  if (before) return after ? 'both-right' : 'got-worse';
  return after ? 'fixed' : 'still-wrong';
};

/**
 * Chosen by hand, or by the stated rule: in the order of the questions, the first that was fixed,
 * the first still wrong, and the first that got worse; where none got worse, the first both right.
 */
export function pickCases(
  before: readonly AnswerRecord[],
  after: readonly AnswerRecord[],
  picks: readonly CasePick[] = [],
): ComparisonCase[] {
  const key = ({ suite, id }: CasePick | AnswerRecord): string => `${suite}\u0000${id}`;
  const later = new Map(after.map((answer) => [key(answer), answer]));
  const pairs = before.flatMap((answer): ComparisonCase[] => {
    const match = later.get(key(answer));
    return match
      ? [{ verdict: verdictOf(answer.correct, match.correct), before: answer, after: match }]
      : [];
  });
  if (picks.length > 0) {
    return picks.flatMap((pick) =>
      pairs
        .filter((pair) => key(pair.before) === key(pick))
        .map((pair) => ({ ...pair, comment: pick.comment })),
    );
  }
  return byRule(pairs);
}

function byRule(pairs: readonly ComparisonCase[]): ComparisonCase[] {
  const first = (verdict: Verdict): ComparisonCase[] =>
    pairs.filter((pair) => pair.verdict === verdict).slice(0, 1);
  const worse = first('got-worse');
  return [
    ...first('fixed'),
    ...first('still-wrong'),
    ...(worse.length > 0 ? worse : first('both-right')),
  ];
}
