import type { Manifest } from '../contracts/base.js';
import { materialise, type MaterialiseOptions } from './artifacts.js';
import { DamagedArtifactError, MissingObjectError } from './errors.js';
import type { ChainState, PublishedCheckpoint } from './fold-chain.js';
import type { ObjectStore } from './object-store.js';

export interface RestoreOptions extends MaterialiseOptions {
  /** Told of every checkpoint that is skipped, and why; it stays in the store for inspection. */
  readonly onDamaged?: (checkpoint: PublishedCheckpoint, reason: string) => void;
}

export interface Restored {
  readonly step: number;
  readonly manifest: Manifest;
  readonly folder: string;
  readonly checkpoint: PublishedCheckpoint;
}

/** Newest published checkpoint whose every file is right, brought into `destination`; null: none. */
export async function restoreNewest(
  store: ObjectStore,
  chain: Pick<ChainState, 'published'>,
  destination: string,
  options: RestoreOptions = {},
): Promise<Restored | null> {
  for (const checkpoint of chain.published.toReversed()) {
    // One folder a checkpoint: files of a damaged one must not lie among those of the next.
    const folder = `${destination}/${checkpoint.manifest.digest.slice(0, 16)}`;
    try {
      const manifest = await materialise(store, checkpoint.manifest, folder, options);
      return { step: checkpoint.step, manifest, folder, checkpoint };
    } catch (error) {
      const damaged = error instanceof DamagedArtifactError || error instanceof MissingObjectError;
      if (!damaged) throw error;
      options.onDamaged?.(checkpoint, error.message);
    }
  }
  return null;
}
