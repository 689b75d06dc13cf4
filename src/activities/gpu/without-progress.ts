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
