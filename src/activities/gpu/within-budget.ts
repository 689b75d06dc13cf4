import type { TrainingConfig } from '../../contracts/training.js';
import type { ChainState } from '../../store/fold-chain.js';

/** Rows are rounded up to this, so that few shapes are compiled. */
const ROW_TOKENS = 128;
/** What a trainer proposes that does not say how much it had tried. */
const USUAL_SHARE = 1 / 2;
/** Something else may have held the memory: the smallest micro-batch is tried so often again. */
const TRIES_AT_THE_SMALLEST = 3;

type Budgets = Pick<ChainState, 'budgets'>['budgets'];

/**
 * How the next attempt computes after what ran out of memory before: packed rows of at most the
 * least budget told, padded rows of fewer documents in the proportions told. Only how a step is
 * computed changes, not what it is, so that checkpoints carry on. Null: nothing smaller is left.
 */
export function withinBudget(training: TrainingConfig, budgets: Budgets): TrainingConfig | null {
  const told = budgets.flatMap(({ tokenBudget, tokens }) =>
    tokenBudget === null ? [] : [{ tokenBudget, tokens }],
  );
  if (told.length === 0) return training;
  return training.tokensPerMicroBatch === null
    ? fewerDocuments(training, told)
    : shorterRows(training, training.tokensPerMicroBatch, told);
}

interface Told {
  readonly tokenBudget: number;
  readonly tokens: number | null;
}

function shorterRows(
  training: TrainingConfig,
  planned: number,
  told: readonly Told[],
): TrainingConfig | null {
  const least = Math.min(...told.map(({ tokenBudget }) => tokenBudget));
  const tooMuch = told.filter(({ tokenBudget }) => tokenBudget < ROW_TOKENS).length;
  if (tooMuch >= TRIES_AT_THE_SMALLEST) return null;
  const rows = Math.max(1, Math.floor(least / ROW_TOKENS)) * ROW_TOKENS;
  return { ...training, tokensPerMicroBatch: Math.min(planned, rows) };
}

function fewerDocuments(training: TrainingConfig, told: readonly Told[]): TrainingConfig | null {
  let documents = training.documentsPerMicroBatch;
  let failedAtOne = 0;
  for (const { tokenBudget, tokens } of told) {
    if (documents === 1) failedAtOne += 1;
    const share = tokens === null ? USUAL_SHARE : Math.min(1, tokenBudget / tokens);
    documents = Math.max(1, Math.floor(documents * share));
  }
  if (failedAtOne >= TRIES_AT_THE_SMALLEST) return null;
  return { ...training, documentsPerMicroBatch: documents };
}
