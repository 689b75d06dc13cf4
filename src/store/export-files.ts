import { constants } from 'node:fs';
import { copyFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArtifactRef, FileEntry } from '../contracts/base.js';
import { fileDamage } from './artifact-files.js';
import { blobKey, readManifest } from './artifacts.js';
import { DamagedArtifactError, MissingObjectError, type FileDamage } from './errors.js';
import { syncPath } from './local-files.js';
import type { ObjectStore } from './object-store.js';

/** A folder of an artifact; '' is all of it. */
export interface ExportedPart {
  readonly artifact: Pick<ArtifactRef, 'digest'>;
  readonly folder: string;
  /** Paths that something else has brought already. */
  readonly except?: ReadonlySet<string>;
}

/**
 * Writes files of an artifact into a folder that from then on is the person's own: each is checked
 * against its size and sha256, and none shares its bytes with the store. Files that are right there
 * already are kept, so that an export goes on where it was broken off. Throws DamagedArtifactError.
 */
export async function exportFiles(
  store: ObjectStore,
  { artifact, folder, except }: ExportedPart,
  destination: string,
): Promise<FileEntry[]> {
  const { files } = await readManifest(store, artifact.digest);
  const wanted = insideOf(files, folder).filter(([, path]) => !except?.has(path));
  const damages: FileDamage[] = [];
  for (const [file, path] of wanted) {
    const reason = await exportFile(store, file, join(destination, path));
    if (reason !== null) damages.push({ path: file.path, reason });
  }
  if (damages.length > 0) throw new DamagedArtifactError(artifact.digest, damages);
  return wanted.map(([file, path]) => ({ ...file, path }));
}

function insideOf(files: readonly FileEntry[], folder: string): (readonly [FileEntry, string])[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  return files
    .filter(({ path }) => path.startsWith(prefix))
    .map((file) => [file, file.path.slice(prefix.length)]);
}

async function exportFile(
  store: ObjectStore,
  file: FileEntry,
  path: string,
): Promise<string | null> {
  if ((await fileDamage(path, file)) === null) return null;
  await mkdir(dirname(path), { recursive: true });
  try {
    await store.getFile(blobKey(file.sha256), path);
  } catch (error) {
    if (error instanceof MissingObjectError) return 'missing in the store';
    throw error;
  }
  const reason = await fileDamage(path, file);
  if (reason === null) await makeOwn(path);
  return reason;
}

/** A local store gives weights as a second name of its own bytes; a person may change theirs. */
async function makeOwn(path: string): Promise<void> {
  if ((await stat(path)).nlink < 2) return;
  const copy = `${path}.copy`;
  await copyFile(path, copy, constants.COPYFILE_FICLONE);
  await syncPath(copy);
  await rename(copy, path);
}
