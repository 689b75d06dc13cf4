import type { StageInput } from '../contracts/activities.js';
import type { StoreConfig } from '../contracts/store.js';
import type { ObjectStore } from '../store/object-store.js';
import type { OpenStore } from '../store/store-opener.js';
import { toStageFailure } from './stage-failure.js';

export interface Storing {
  /** This machine's own. */
  readonly store: ObjectStore;
  readonly openStore?: OpenStore;
}

/** For an attempt of a stage: a store out of reach is a failure like any other, and tried again. */
export async function atStageStore<D extends Storing>(deps: D, input: StageInput): Promise<D> {
  try {
    return await atStore(deps, input.store);
  } catch (error) {
    throw toStageFailure(error);
  }
}

/** The same dependencies with the store that the plan names; an input of an older version has none. */
export async function atStore<D extends Storing>(
  deps: D,
  config: StoreConfig | undefined,
): Promise<D> {
  if (config === undefined || deps.openStore === undefined) return deps;
  return { ...deps, store: await deps.openStore(config) };
}
