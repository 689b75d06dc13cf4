import type { TrainingConfig } from '../../contracts/training.js';
import { finalFailure } from '../stage-failure.js';
import type { AttemptTools } from './attempt.js';
import { withinBudget } from './within-budget.js';

/** The plan's training as this attempt carries it out: within what earlier ones found to fit. */
export async function trainingHere(
  { chain, token, beat, deps }: Pick<AttemptTools, 'chain' | 'token' | 'beat' | 'deps'>,
  planned: TrainingConfig,
): Promise<TrainingConfig> {
  const before = await chain.fold();
  const training = withinBudget(planned, before.budgets);
  if (training === null) {
    const last = before.attempts.findLast(({ ended }) => ended?.how === 'failed');
    const message = `Even the smallest micro-batch does not fit: ${last?.ended?.message ?? 'out of memory'}`;
    await chain.end(token, 'failed', before.newest?.step ?? 0, message);
    throw finalFailure('OutOfResources', message);
  }
  const lowered = changes(planned, training);
  if (lowered !== '') {
    beat.line(`after running out of memory: ${lowered}`);
    deps.log.info({ token, lowered }, 'training within the budget that was journalled');
  }
  return training;
}

function changes(planned: TrainingConfig, training: TrainingConfig): string {
  return (['tokensPerMicroBatch', 'documentsPerMicroBatch'] as const)
    .filter((key) => planned[key] !== training[key])
    .map((key) => `${key} ${training[key]} in place of ${planned[key]}`)
    .join(', ');
}
