import type { ResolvedPlan } from './plan.js';

/**
 * Answers that smoke-train samples: one batch of the evaluation, for a batch of another size has
 * another pace; a suite smaller than a batch makes a smaller one.
 */
export function probeQuestions({
  smoke,
  evaluation,
}: Pick<ResolvedPlan, 'smoke' | 'evaluation'>): number {
  const largest = Math.max(...evaluation.suites.map((suite) => suite.questions));
  return smoke.questions ?? Math.min(evaluation.batchSize, largest);
}
