import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { materialise } from './artifacts.js';
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
    const damaged = error instanceof DamagedArtifactError || error instanceof MissingObjectError;
    if (damaged) return false;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
