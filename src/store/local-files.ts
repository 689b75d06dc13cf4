import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';

export function isErrno(error: unknown, ...codes: string[]): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return codes.includes(code);
}

export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems refuse fsync of a folder; there is nothing better to do there.
    if (!isErrno(error, 'EINVAL', 'EPERM', 'EISDIR', 'ENOTSUP')) throw error;
  } finally {
    await handle.close();
  }
}

/** mkdir -p, with every new folder's entry made durable in its parent. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let path = folder; path.length >= first.length; path = dirname(path)) {
    await syncPath(dirname(path));
  }
}

export async function writeTemporary(folder: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, randomUUID());
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return path;
}

/** The file has the old bytes or the new ones, never some of each. */
export async function replaceFile(
  path: string,
  bytes: Uint8Array,
  temporary = dirname(path),
): Promise<void> {
  const written = await writeTemporary(temporary, bytes);
  await rename(written, path);
  await syncPath(dirname(path));
}

/**
 * Weights are written once, whole, and never changed in place, so a second name for the same bytes
 * is safe and saves a copy of gigabytes. Anything else (logs grow) must be copied.
 */
async function linkOrCopy(from: string, to: string, named: string): Promise<void> {
  if (extname(named) === '.safetensors') {
    try {
      await link(from, to);
      return;
    } catch (error) {
      if (!isErrno(error, 'EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP')) throw error;
    }
  }
  await copyFile(from, to, constants.COPYFILE_FICLONE);
}

/** Gives `to` the bytes of `from`, whole or not at all. `named` is the end with a file's real name. */
export async function placeFile(
  from: string,
  to: string,
  named: string,
  temporary = dirname(to),
): Promise<void> {
  const path = join(temporary, `.${randomUUID()}.partial`);
  try {
    await linkOrCopy(from, path, named);
    await syncPath(path);
    await rename(path, to);
  } finally {
    // Also after success: renaming one hard link onto another of the same file leaves both.
    await rm(path, { force: true });
  }
  await syncPath(dirname(to));
}

/** Nobody works on one file for so long. */
const LEFT_BEHIND_MS = 86_400_000;

/**
 * What killed processes left: second names of weights keep their room after the weights are deleted.
 * Judged by ctime, the making of that name; a link has the age of its weights by mtime.
 */
export async function removeLeftovers(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    // Gone, or not ours to remove: the store works all the same.
    const found = await stat(path).catch(() => null);
    if (found === null || now - found.ctimeMs < LEFT_BEHIND_MS) continue;
    await rm(path, { force: true }).catch(() => undefined);
  }
}
