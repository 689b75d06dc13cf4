import { trainingLimitFen } from '../../contracts/money.js';
import type { StageMetrics } from '../../contracts/outcome.js';
import type { ResolvedPlan } from '../../contracts/plan.js';
import type { Quote } from '../../contracts/state.js';

type SmokeMetrics = Extract<StageMetrics, { kind: 'smoke-train' }>;

/** Optimizer steps of full-train; `rows` is what convert kept for training. */
export function totalSteps(plan: ResolvedPlan, rows: number): number {
  const { steps, epochs, documentsPerStep } = plan.training;
  return steps ?? Math.max(1, Math.ceil(((epochs ?? 1) * rows) / documentsPerStep));
}

/**
 * What smoke-train predicts: its seconds per step × the steps, and for each evaluation the probe's
 * seconds per token × questions × canvas, for every answer fills the whole canvas at worst.
 */
export function quote(
  plan: ResolvedPlan,
  smoke: SmokeMetrics,
  rows: number,
  spentFen: number,
): Quote {
  const steps = totalSteps(plan, rows);
  const questions = plan.evaluation.suites.reduce((sum, suite) => sum + suite.questions, 0);
  const canvas = plan.evaluation.sampling.maxNewTokens;
  const { secondsPerStep } = smoke.train;
  const { secondsPerToken } = smoke.sample;
  const trainSeconds = smoke.secondsToReady + secondsPerStep * steps;
  const evalSecondsEach = smoke.secondsToReady + secondsPerToken * questions * canvas;
  const totalSeconds = trainSeconds + 2 * evalSecondsEach;
  const basis =
    `${steps} steps × ${secondsPerStep.toPrecision(3)} s, ` +
    `2 evaluations × ${questions} questions × ${canvas} tokens × ` +
    `${secondsPerToken.toPrecision(3)} s, 3 starts × ${smoke.secondsToReady.toFixed(1)} s`;
  return {
    trainSeconds,
    evalSecondsEach,
    totalSeconds,
    fen: Math.ceil((totalSeconds * plan.hosts.pricePerHourFen) / 3600),
    spentFen,
    capFen: plan.money.capFen,
    basis,
  };
}

/** A quote needs no person when it is small enough and, with what is spent, below the cap. */
export function approvesItself(money: ResolvedPlan['money'], offered: Quote): boolean {
  return offered.fen <= money.approveBelowFen && offered.spentFen + offered.fen <= money.capFen;
}

/** Training must stop now; a cap of 0 with a price of 0 is no limit that money could reach. */
export function mustStopTraining(plan: ResolvedPlan, spentFen: number): boolean {
  return plan.hosts.pricePerHourFen > 0 && spentFen >= trainingLimitFen(plan.money);
}
