import type { ResolvedPlan } from './plan.js';

/** Training stops here, with a checkpoint: what is kept back pays for evaluation and report. */
export function trainingLimitFen(money: ResolvedPlan['money']): number {
  return Math.max(0, money.capFen - money.reserveFen);
}

/** Fen as people read them. */
export const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2)}`;

/** Host-seconds of answering at the price, rounded up once, over all questions, to a whole fen. */
export const answeringFen = (seconds: number, pricePerHourFen: number): number =>
  Math.ceil((seconds * pricePerHourFen) / 3600);

/** The share of one of `n`: a question costs less than a fen. */
export const yuanEach = (fen: number, n: number): string => `¥${(fen / 100 / n).toFixed(4)}`;

/** What an interruption took from the plan; seconds that are not known count as none. */
export interface LostTime {
  readonly detectSeconds: number | null;
  /** From detection to the first new step; null when nobody came back. */
  readonly resumeSeconds: number | null;
  /** Work that was done and has to be done again. */
  readonly lostStepSeconds: number;
}

/**
 * Price per host-hour × (seconds to detect + seconds to resume + seconds of lost steps), rounded up
 * once to a whole fen as the ledger does: a loss is never told as free, nor a whole fen too dear.
 */
export function moneyLostFen(pricePerHourFen: number, lost: LostTime): number {
  const waited = (lost.detectSeconds ?? 0) + (lost.resumeSeconds ?? 0);
  return Math.ceil(((waited + lost.lostStepSeconds) * pricePerHourFen) / 3600);
}
