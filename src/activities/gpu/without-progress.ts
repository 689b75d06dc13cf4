import { ATTEMPTS_WITHOUT_PROGRESS } from '../../contracts/failures.js';
import type { ChainState } from '../../store/fold-chain.js';

/**
 * Whether the trainer itself ended (or hung in) the last attempts in a row without a new checkpoint.
 * Preemptions and lost hosts in between count neither way; a final end starts a new count.
 */
export function isWithoutProgress(before: ChainState): boolean {
  let crashes = 0;
  for (const attempt of before.attempts.toReversed()) {
    if (attempt.publishedSteps.length > 0) return false;
    const how = attempt.ended?.how;
    if (how === undefined || how === 'preempted') continue;
    if (how !== 'crashed') return false;
    crashes += 1;
    if (crashes >= ATTEMPTS_WITHOUT_PROGRESS) return true;
  }
  return false;
}

/**
 * Whether the last attempts before `attempt` of the same scheduling ran out of memory or disk one after
 * another, nothing was published, and the trainer had no smaller budget to propose: only a person helps.
 */
export function isOutOfRoom(before: ChainState, attempt: number): boolean {
  const withoutAdvice = new Set(
    before.budgets.filter(({ tokenBudget }) => tokenBudget === null).map(({ token }) => token),
  );
  let earlier = attempt;
  let failed = 0;
  for (const one of before.attempts.toReversed()) {
    // Attempts are counted anew when a stage is scheduled anew: that one gets three of its own.
    if (one.attempt >= earlier || one.ended?.how !== 'failed') return false;
    if (one.publishedSteps.length > 0 || !withoutAdvice.has(one.token)) return false;
    earlier = one.attempt;
    failed += 1;
    if (failed >= ATTEMPTS_WITHOUT_PROGRESS) return true;
  }
  return false;
}
