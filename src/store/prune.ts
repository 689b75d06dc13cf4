import { blobKey, manifestKey, readManifest } from './artifacts.js';
import { DamagedArtifactError, MissingObjectError } from './errors.js';
import type { ChainState } from './fold-chain.js';
import { markedOf } from './marked.js';
import type { ObjectStore } from './object-store.js';
import { heldManifests } from './references.js';
import { isWhole } from './verify.js';

export interface PruneOptions {
  /** How the last valid checkpoint is known; by default every byte of it is read. */
  readonly isValid?: (digest: string) => Promise<boolean>;
}

export interface Pruned {
  readonly checkpoints: number;
  readonly blobs: number;
}

/**
 * Deletes checkpoints older than the newest `keep`, and of their files those that no remaining
 * manifest names. Kept besides, however old: the newest valid one, the best by validation, the ends
 * of epochs of a validated run, and whatever a stage's result or another chain holds. Damaged ones
 * newer than the last valid stay for inspection.
 */
export async function pruneCheckpoints(
  store: ObjectStore,
  chain: Pick<ChainState, 'published'>,
  keep: number,
  options: PruneOptions = {},
): Promise<Pruned> {
  if (!Number.isInteger(keep) || keep < 1) throw new RangeError('keep must be at least 1');
  const digests = [...new Set(chain.published.toReversed().map(({ manifest }) => manifest.digest))];
  const isValid = options.isValid ?? ((digest) => isWhole(store, digest));
  const lastValid = await firstIndex(digests, isValid);
  // Without a valid one nothing is certain: nothing is deleted.
  if (lastValid === -1) return { checkpoints: 0, blobs: 0 };
  const candidates = digests.slice(Math.max(keep, lastValid + 1));
  if (candidates.length === 0) return { checkpoints: 0, blobs: 0 };
  const held = await heldManifests(store, keep);
  for (const { manifest } of markedOf(chain.published)) held.add(manifest.digest);
  return remove(
    store,
    candidates.filter((digest) => !held.has(digest)),
  );
}

async function firstIndex(
  digests: readonly string[],
  isValid: (digest: string) => Promise<boolean>,
): Promise<number> {
  for (const [index, digest] of digests.entries()) if (await isValid(digest)) return index;
  return -1;
}

/** Manifests go first: a crash in between leaves files that nobody names, never names without files. */
async function remove(store: ObjectStore, digests: readonly string[]): Promise<Pruned> {
  const blobs = new Set<string>();
  let checkpoints = 0;
  for (const digest of digests) {
    const named = await blobsOf(store, digest);
    if (named === null) continue;
    named.forEach((blob) => blobs.add(blob));
    await store.delete(manifestKey(digest));
    checkpoints += 1;
  }
  if (blobs.size === 0) return { checkpoints, blobs: 0 };
  for (const key of await store.list('manifests/')) {
    const digest = key.slice('manifests/'.length, -'.json'.length);
    (await blobsOf(store, digest))?.forEach((blob) => blobs.delete(blob));
  }
  for (const blob of blobs) await store.delete(blobKey(blob));
  return { checkpoints, blobs: blobs.size };
}

/** null when the manifest is gone (pruned before) or unreadable (kept for inspection). */
async function blobsOf(store: ObjectStore, digest: string): Promise<string[] | null> {
  try {
    return (await readManifest(store, digest)).files.map(({ sha256 }) => sha256);
  } catch (error) {
    if (error instanceof MissingObjectError || error instanceof DamagedArtifactError) return null;
    throw error;
  }
}
