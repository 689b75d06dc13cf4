import type { ResolvedPlan } from '../../contracts/plan.js';

/**
 * How often a training of so many steps measures its held-out rows, by the trainer's rule: after
 * every `everySteps`, where an epoch ends, and after the last step; a step once at most.
 */
export function validations(
  {
    validation,
    documentsPerStep,
  }: Pick<ResolvedPlan['training'], 'validation' | 'documentsPerStep'>,
  rows: number,
  steps: number,
): number {
  if (validation === null) return 0;
  const { everySteps, atEpochEnd } = validation;
  const epochs = (step: number): number => Math.floor((step * documentsPerStep) / rows);
  let count = 0;
  for (let step = 1; step <= steps; step += 1) {
    const bySteps = everySteps !== undefined && step % everySteps === 0;
    const byEpoch = atEpochEnd && epochs(step) > epochs(step - 1);
    if (bySteps || byEpoch || step === steps) count += 1;
  }
  return count;
}
