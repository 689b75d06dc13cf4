import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Manifest, type ArtifactRef, type FileEntry } from '../contracts/base.js';
import { fileDamage, hashFolder, isInside } from './artifact-files.js';
import { canonicalJson, sha256Hex } from './canonical-json.js';
import { untilSpared } from './doomed.js';
import { DamagedArtifactError, MissingObjectError, type FileDamage } from './errors.js';
import type { HostCache } from './host-cache.js';
import type { ObjectStore } from './object-store.js';

export const blobKey = (sha256: string): string => `blobs/${sha256}`;
export const manifestKey = (digest: string): string => `manifests/${digest}.json`;

export interface NewArtifact {
  readonly folder: string;
  readonly kind: Manifest['kind'];
  /** Sizes and digests when they are known already (a trainer's event); else the folder is hashed. */
  readonly files?: readonly FileEntry[];
}

export interface MaterialiseOptions {
  /** Files that this host has had before, checked before use and filled on the way. */
  readonly cache?: HostCache;
}

/** Files first, then the manifest: an artifact whose manifest is there is complete. */
export async function publishArtifact(
  store: ObjectStore,
  { folder, kind, files }: NewArtifact,
): Promise<ArtifactRef> {
  const entries = files ?? (await hashFolder(folder));
  const { digest, text, inOrder } = manifestOf(kind, entries);
  await checkGiven(digest, folder, files ?? []);
  for (const { path, sha256 } of inOrder) {
    const key = blobKey(sha256);
    // A local blob is written anew, since that costs little and heals one that a disk damaged.
    if (store.kind === 'local' || !(await store.has(key))) {
      await store.putFile(key, join(folder, path));
    }
  }
  await store.put(manifestKey(digest), text);
  await confirmArtifact(store, { folder, kind, files: entries });
  return { digest, bytes: inOrder.reduce((sum, { size }) => sum + size, 0) };
}

/**
 * Puts again what another chain's rotation has taken away meanwhile: equal training gives equal
 * files. To be called once more when a journal names the artifact: from then on rotation spares it.
 */
export async function confirmArtifact(
  store: ObjectStore,
  { folder, kind, files }: Required<NewArtifact>,
): Promise<void> {
  const { digest, text, inOrder } = manifestOf(kind, files);
  const named = new Set([digest, ...inOrder.map(({ sha256 }) => sha256)]);
  for (let whole = false; !whole;) {
    await untilSpared(store, named);
    whole = true;
    for (const { path, sha256 } of inOrder) {
      if (await store.has(blobKey(sha256))) continue;
      await store.putFile(blobKey(sha256), join(folder, path));
      whole = false;
    }
    if (await store.has(manifestKey(digest))) continue;
    await store.put(manifestKey(digest), text);
    whole = false;
  }
}

/** What an artifact of these files is called. */
export const manifestDigest = (kind: Manifest['kind'], files: readonly FileEntry[]): string =>
  manifestOf(kind, files).digest;

function manifestOf(kind: Manifest['kind'], files: readonly FileEntry[]) {
  const inOrder = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const text = canonicalJson(Manifest.parse({ version: 1, kind, files: inOrder }));
  return { digest: sha256Hex(text), text: Buffer.from(text), inOrder };
}

/** Digests told by somebody else are checked: a blob under a wrong name harms every later reader. */
async function checkGiven(
  digest: string,
  folder: string,
  files: readonly FileEntry[],
): Promise<void> {
  const damages: FileDamage[] = [];
  for (const file of files) {
    const reason = isInside(file.path)
      ? await fileDamage(join(folder, file.path), file)
      : 'path leaves the folder';
    if (reason !== null) damages.push({ path: file.path, reason });
  }
  if (damages.length > 0) throw new DamagedArtifactError(digest, damages);
}

export async function readManifest(store: ObjectStore, digest: string): Promise<Manifest> {
  const key = manifestKey(digest);
  const bytes = await store.get(key);
  if (bytes === undefined) throw new MissingObjectError(key, store.location);
  if (sha256Hex(bytes) !== digest) {
    throw new DamagedArtifactError(digest, [{ path: key, reason: 'sha256 differs' }]);
  }
  const manifest = Manifest.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  const outside = manifest.files.filter(({ path }) => !isInside(path));
  if (outside.length > 0) {
    const damages = outside.map(({ path }) => ({ path, reason: 'path leaves the folder' }));
    throw new DamagedArtifactError(digest, damages);
  }
  return manifest;
}

/** sha256 of its files; null when it is gone (pruned meanwhile) or unreadable (kept for inspection). */
export async function filesOfManifest(
  store: ObjectStore,
  digest: string,
): Promise<string[] | null> {
  try {
    return (await readManifest(store, digest)).files.map(({ sha256 }) => sha256);
  } catch (error) {
    if (error instanceof MissingObjectError || error instanceof DamagedArtifactError) return null;
    throw error;
  }
}

/**
 * Brings the artifact into `destination` with every size and sha256 checked. Files that are right
 * there already are kept, wrong ones replaced, others left alone. Throws DamagedArtifactError.
 */
export async function materialise(
  store: ObjectStore,
  ref: Pick<ArtifactRef, 'digest'>,
  destination: string,
  options: MaterialiseOptions = {},
): Promise<Manifest> {
  const manifest = await readManifest(store, ref.digest);
  const damages: FileDamage[] = [];
  for (const file of manifest.files) {
    const reason = await bring(store, file, join(destination, file.path), options.cache);
    if (reason !== null) damages.push({ path: file.path, reason });
  }
  if (damages.length > 0) throw new DamagedArtifactError(ref.digest, damages);
  return manifest;
}

async function bring(
  store: ObjectStore,
  file: FileEntry,
  path: string,
  cache: HostCache | undefined,
): Promise<string | null> {
  if ((await fileDamage(path, file)) === null) return null;
  if (cache === undefined) return fetch(store, file, path);
  await mkdir(dirname(path), { recursive: true });
  return cache.place(file, path, (to) => fetch(store, file, to));
}

/** What comes damaged over a network is asked for once more before it counts as damaged there. */
async function fetch(store: ObjectStore, file: FileEntry, path: string): Promise<string | null> {
  const reason = await fetchOnce(store, file, path);
  const again = reason !== null && reason !== GONE && store.kind === 's3';
  return again ? fetchOnce(store, file, path) : reason;
}

const GONE = 'missing in the store';

/** A damaged file is taken away again, so that nobody mistakes it for a good one. */
async function fetchOnce(
  store: ObjectStore,
  file: FileEntry,
  path: string,
): Promise<string | null> {
  try {
    await store.getFile(blobKey(file.sha256), path);
  } catch (error) {
    if (error instanceof MissingObjectError) return GONE;
    throw error;
  }
  const reason = await fileDamage(path, file);
  if (reason !== null) await rm(path, { force: true });
  return reason;
}
