import { trainingLimitFen } from '../../contracts/money.js';
import type { ResolvedPlan } from '../../contracts/plan.js';
import type { Quote } from '../../contracts/quote.js';

/** A quote needs no person when it is small enough and, with what is spent, below the cap. */
export function approvesItself(money: ResolvedPlan['money'], offered: Quote): boolean {
  return offered.fen <= money.approveBelowFen && offered.spentFen + offered.fen <= money.capFen;
}

/** Training must stop now; a cap of 0 with a price of 0 is no limit that money could reach. */
export function mustStop(
  { hosts }: Pick<ResolvedPlan, 'hosts'>,
  money: ResolvedPlan['money'],
  spentFen: number,
): boolean {
  return hosts.pricePerHourFen > 0 && spentFen >= trainingLimitFen(money);
}
