import pMap from 'p-map';
import { blobKey, filesOfManifest, manifestKey } from './artifacts.js';
import { doom, type Mark } from './doomed.js';
import { garbageIn, type Garbage, type StoreContents } from './garbage.js';
import type { ObjectStore, StoredObject } from './object-store.js';
import { heldManifests } from './references.js';

/** So few at once that they are deleted before who wants to publish one of them has waited enough. */
const BATCH = 500;
const REQUESTS_AT_ONCE = 8;

export interface Collected {
  readonly manifests: number;
  readonly blobs: number;
  /** False when somebody took this process for dead in the middle: the rest stays for the next time. */
  readonly finished: boolean;
}

/** Files of manifests, which never change: read once a process. */
type KnownFiles = Map<string, readonly string[] | null>;

/** The artifacts of a store: what is there, and what of it goes when it is older than `before`. */
export async function lookForGarbage(
  store: ObjectStore,
  before: number,
  known: KnownFiles = new Map(),
): Promise<{ contents: StoreContents; garbage: Garbage }> {
  const contents = await contentsOf(store, known);
  return { contents, garbage: garbageIn(contents, before) };
}

/**
 * Deletes it, safe beside plans that run: each batch is marked as doomed, then looked for again, so
 * that what was published or named meanwhile stays; who publishes one of a marked batch waits until
 * the mark is gone and puts it again (doomed.ts).
 */
export async function collectGarbage(store: ObjectStore, before: number): Promise<Collected> {
  const known: KnownFiles = new Map();
  const { garbage } = await lookForGarbage(store, before, known);
  const digests = [...garbage.manifests, ...garbage.blobs];
  let [manifests, blobs] = [0, 0];
  for (let start = 0; start < digests.length; start += BATCH) {
    const batch = new Set(digests.slice(start, start + BATCH));
    const mark = await doom(store, [...batch]);
    try {
      const { garbage: still } = await lookForGarbage(store, before, known);
      const within = (digest: string): boolean => batch.has(digest);
      // Manifests go first: a crash in between leaves files that nobody names.
      const first = await removeAll(store, still.manifests.filter(within).map(manifestKey), mark);
      const second = await removeAll(store, still.blobs.filter(within).map(blobKey), mark);
      if (first === null || second === null) return { manifests, blobs, finished: false };
      manifests += first;
      blobs += second;
    } finally {
      await mark.takeAway();
    }
  }
  return { manifests, blobs, finished: true };
}

async function removeAll(
  store: ObjectStore,
  keys: readonly string[],
  mark: Mark,
): Promise<number | null> {
  if (!(await mark.stands())) return null;
  await pMap(keys, (key) => store.delete(key), { concurrency: REQUESTS_AT_ONCE });
  return keys.length;
}

async function contentsOf(store: ObjectStore, known: KnownFiles): Promise<StoreContents> {
  const blobs = byDigest(await store.describe('blobs/'), 'blobs/', '');
  const found = byDigest(await store.describe('manifests/'), 'manifests/', '.json');
  const manifests = await pMap(
    found,
    async ([digest, object]) => {
      const files = known.get(digest) ?? (await filesOfManifest(store, digest));
      known.set(digest, files);
      return [digest, { ...object, files }] as const;
    },
    { concurrency: REQUESTS_AT_ONCE },
  );
  // Last: what a journal names by now stays, even if it was only just put.
  const roots = await heldManifests(store, () => Infinity);
  return { manifests: new Map(manifests), blobs: new Map(blobs), roots };
}

function byDigest(
  objects: readonly StoredObject[],
  prefix: string,
  ending: string,
): [string, StoredObject][] {
  return objects
    .filter(({ key }) => key.endsWith(ending))
    .map((one) => [one.key.slice(prefix.length, one.key.length - ending.length), one]);
}
