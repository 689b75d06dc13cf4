import type { ResolvedPlan } from './plan.js';

/** Training stops here, with a checkpoint: what is kept back pays for evaluation and report. */
export function trainingLimitFen(money: ResolvedPlan['money']): number {
  return Math.max(0, money.capFen - money.reserveFen);
}

/** Fen as people read them. */
export const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2)}`;
