import { blobKey, filesOfManifest, manifestKey } from './artifacts.js';
import { doom, type Mark } from './doomed.js';
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
  const own = new Set(markedOf(chain.published).map(({ manifest }) => manifest.digest));
  const old = digests.slice(Math.max(keep, lastValid + 1)).filter((digest) => !own.has(digest));
  const candidates = await filesOf(store, old);
  if (candidates.size === 0) return { checkpoints: 0, blobs: 0 };
  const mark = await doom(store, [...candidates.keys(), ...[...candidates.values()].flat()]);
  try {
    // Another stage may keep more than this one; its journal says how many.
    const held = await heldManifests(store, ({ attempts }) => attempts.at(-1)?.keep ?? keep);
    for (const digest of candidates.keys()) if (held.has(digest)) candidates.delete(digest);
    return await remove(store, candidates, mark);
  } finally {
    await mark.takeAway();
  }
}

async function firstIndex(
  digests: readonly string[],
  isValid: (digest: string) => Promise<boolean>,
): Promise<number> {
  for (const [index, digest] of digests.entries()) if (await isValid(digest)) return index;
  return -1;
}

/** A digest's manifest never changes: a process that prunes again and again reads each one once. */
const read = new WeakMap<ObjectStore, Map<string, readonly string[]>>();

async function knownFiles(store: ObjectStore, digest: string): Promise<readonly string[] | null> {
  const known = read.get(store) ?? new Map<string, readonly string[]>();
  read.set(store, known);
  const files = known.get(digest) ?? (await filesOfManifest(store, digest));
  if (files !== null) known.set(digest, files);
  return files;
}

/** Of those that are still there: the blobs that each names. */
async function filesOf(
  store: ObjectStore,
  digests: readonly string[],
): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  if (digests.length === 0) return found;
  const standing = new Set(await store.list('manifests/'));
  for (const digest of digests) {
    const named = standing.has(manifestKey(digest)) ? await knownFiles(store, digest) : null;
    if (named !== null) found.set(digest, named);
  }
  return found;
}

/** Manifests go first: a crash in between leaves files that nobody names, never names without files. */
async function remove(
  store: ObjectStore,
  candidates: ReadonlyMap<string, readonly string[]>,
  mark: Mark,
): Promise<Pruned> {
  if (!(await mark.stands())) return { checkpoints: 0, blobs: 0 };
  for (const digest of candidates.keys()) await store.delete(manifestKey(digest));
  const blobs = new Set([...candidates.values()].flat());
  if (blobs.size === 0) return { checkpoints: candidates.size, blobs: 0 };
  for (const key of await store.list('manifests/')) {
    const digest = key.slice('manifests/'.length, -'.json'.length);
    (await knownFiles(store, digest))?.forEach((blob) => blobs.delete(blob));
  }
  if (!(await mark.stands())) return { checkpoints: candidates.size, blobs: 0 };
  for (const blob of blobs) await store.delete(blobKey(blob));
  return { checkpoints: candidates.size, blobs: blobs.size };
}
