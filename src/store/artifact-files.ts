import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FileEntry } from '../contracts/base.js';
import { isErrno } from './local-files.js';

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

async function pathsBelow(folder: string, below = ''): Promise<string[]> {
  const names = (await readdir(join(folder, below))).sort();
  const paths: string[] = [];
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`;
    // stat, not lstat: downloaded caches hold links to files, and their bytes are what counts.
    const info = await stat(join(folder, path));
    if (info.isDirectory()) paths.push(...(await pathsBelow(folder, path)));
    else paths.push(path);
  }
  return paths;
}

/** Every file below the folder, in a fixed order; empty folders do not count. */
export async function hashFolder(folder: string): Promise<FileEntry[]> {
  const files: FileEntry[] = [];
  for (const path of (await pathsBelow(folder)).sort()) {
    const { size } = await stat(join(folder, path));
    files.push({ path, size, sha256: await hashFile(join(folder, path)) });
  }
  return files;
}

/** What is wrong with the file at `path`, or null. */
export async function fileDamage(path: string, expected: FileEntry): Promise<string | null> {
  const info = await stat(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  });
  if (info === null) return 'missing';
  if (!info.isFile()) return 'not a file';
  if (info.size !== expected.size) return `${info.size} bytes instead of ${expected.size}`;
  return (await hashFile(path)) === expected.sha256 ? null : 'sha256 differs';
}

/** A path from a manifest must stay inside the folder it is put in. */
export function isInside(path: string): boolean {
  if (path.includes('\\') || path.includes('\0')) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
