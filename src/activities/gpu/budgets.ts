import { leastByDevice, type MicroBatchBudget } from '../../contracts/budget.js';
import type { ChainState } from '../../store/fold-chain.js';
import type { AttemptTools } from './attempt.js';

/**
 * What this attempt's trainer has to keep to, by device: as earlier trainings of the plan found, and
 * earlier attempts of this one. The trainer knows its own device, and settles on the least.
 */
export async function budgetsHere({
  chain,
  input,
}: Pick<AttemptTools, 'chain' | 'input'>): Promise<MicroBatchBudget[]> {
  const { budgets } = await chain.fold();
  return leastByDevice([...(input.budgets ?? []), ...proposed(budgets)]);
}

/** For the result, whose metrics stay as they are where nothing ran out of memory. */
export async function foundBudgets(
  tools: Pick<AttemptTools, 'chain' | 'input'>,
): Promise<{ budgets?: MicroBatchBudget[] }> {
  const budgets = await budgetsHere(tools);
  return budgets.length > 0 ? { budgets } : {};
}

/** What the trainers advised; a full disk, and a device with nothing smaller to try, advise nothing. */
function proposed(budgets: ChainState['budgets']): MicroBatchBudget[] {
  return budgets.flatMap(({ device, tokenBudget, documents }) =>
    device === null || tokenBudget === null
      ? []
      : [
          {
            device,
            tokensPerMicroBatch: documents === null ? tokenBudget : null,
            documentsPerMicroBatch: documents,
          },
        ],
  );
}
