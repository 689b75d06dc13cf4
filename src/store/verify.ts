import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobKey, materialise, readManifest } from './artifacts.js';
import { DamagedArtifactError, MissingObjectError } from './errors.js';
import type { ObjectStore } from './object-store.js';

/** Whether every file has its recorded size and sha256; reads all bytes of the artifact. */
export async function isWhole(
  store: ObjectStore,
  digest: string,
  scratch = tmpdir(),
): Promise<boolean> {
  const folder = await mkdtemp(join(scratch, 'dream-sft-verify-'));
  try {
    await materialise(store, { digest }, folder);
    return true;
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether every file is there; enough right after publishing, when the bytes were just checked. */
export async function isPresent(store: ObjectStore, digest: string): Promise<boolean> {
  try {
    const { files } = await readManifest(store, digest);
    const found = await Promise.all(files.map(({ sha256 }) => store.has(blobKey(sha256))));
    return found.every(Boolean);
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof DamagedArtifactError || error instanceof MissingObjectError;
}
