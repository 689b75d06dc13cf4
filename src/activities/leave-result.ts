import type { StageInput } from '../contracts/activities.js';
import type { StageOutcome, StageResult } from '../contracts/outcome.js';
import type { ObjectStore } from '../store/object-store.js';
import { writeResult } from '../store/results.js';

interface Deps {
  readonly store: ObjectStore;
  readonly now: () => Date;
}

/** What a finished stage leaves under its key; the first result that stands is the stage's. */
export async function leaveResult(
  { store, now }: Deps,
  { planId, stage, stageKey }: Pick<StageInput, 'planId' | 'stage' | 'stageKey'>,
  made: Pick<StageResult, 'artifacts' | 'metrics'>,
  startedMs: number,
): Promise<StageOutcome> {
  const at = now();
  const seconds = (at.getTime() - startedMs) / 1000;
  const finishedAt = at.toISOString();
  const result = await writeResult(store, {
    stage,
    stageKey,
    planId,
    ...made,
    seconds,
    finishedAt,
  });
  // Another stage may have left it: the two evaluations share their keys.
  return { kind: 'finished', result: { ...result, stage } };
}
