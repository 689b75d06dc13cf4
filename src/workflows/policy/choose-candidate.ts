/** What is known of a candidate once its plan has ended. */
export interface Scored {
  readonly name: string;
  /** Right answers among `n`; null when its plan did not come to an evaluation. */
  readonly correct: number | null;
  readonly n: number;
}

export interface Choice {
  readonly winner: Scored;
  /** Whether the lead over the next is more than chance gives in one of twenty cases. */
  readonly clear: boolean;
}

/**
 * The candidate with most right answers; of equal ones the first in the plan. Null when none has
 * been scored. A lead within chance is still the best guess, but is told as no more than that.
 */
export function chooseCandidate(scores: readonly Scored[]): Choice | null {
  const scored = scores.filter((one) => one.correct !== null && one.n > 0);
  const ranked = scored.toSorted((a, b) => share(b) - share(a));
  const winner = ranked[0];
  if (winner === undefined) return null;
  const next = ranked[1];
  return { winner, clear: next === undefined || leads(winner, next) };
}

const share = ({ correct, n }: Scored): number => (correct ?? 0) / n;

/**
 * Two-proportion z test at 5 %, two-sided: |p1 - p2| > 1.96 sqrt(p (1 - p) (1/n1 + 1/n2)) with the
 * pooled share p. The questions are the same for both, so it asks for more than it must.
 */
function leads(a: Scored, b: Scored): boolean {
  const pooled = ((a.correct ?? 0) + (b.correct ?? 0)) / (a.n + b.n);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / a.n + 1 / b.n));
  return share(a) - share(b) > 1.96 * deviation;
}
