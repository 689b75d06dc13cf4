import type { ResolvedPlan } from '../../contracts/plan.js';
import { validations } from './validations.js';

type Training = ResolvedPlan['training'];

/** Seconds as smoke-train measured them, or as a card's figures let expect them. */
export interface TrainingPace {
  readonly secondsPerStep: number;
  /** Of one validation; 0 or left out: nobody has measured one. */
  readonly validationSeconds?: number | undefined;
  readonly exportSeconds?: number | undefined;
}

export interface TrainingTime {
  readonly steps: number;
  /** 0 where nobody knows how long one takes. */
  readonly validations: number;
  readonly seconds: number;
}

/** Optimizer steps: global batches that cover so many passes over the rows, as the trainer counts. */
export function stepsOf(
  { steps, epochs, documentsPerStep }: Pick<Training, 'steps' | 'epochs' | 'documentsPerStep'>,
  rows: number,
): number {
  return steps ?? Math.max(1, Math.ceil(((epochs ?? 1) * rows) / documentsPerStep));
}

/** A training after its start, for the quote and for `plan explain`: steps, validations, its model written. */
export function trainingTime(
  training: Pick<Training, 'steps' | 'epochs' | 'documentsPerStep' | 'validation'>,
  rows: number,
  { secondsPerStep, validationSeconds = 0, exportSeconds = 0 }: TrainingPace,
): TrainingTime {
  const steps = stepsOf(training, rows);
  const times = validationSeconds > 0 ? validations(training, rows, steps) : 0;
  const seconds = steps * secondsPerStep + times * validationSeconds + exportSeconds;
  return { steps, validations: times, seconds };
}
