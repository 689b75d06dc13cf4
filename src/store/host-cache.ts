import { randomUUID } from 'node:crypto';
import { link, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileEntry } from '../contracts/base.js';
import { fileDamage } from './artifact-files.js';
import { isErrno, makeFolder, placeFile, removeLeftovers } from './local-files.js';

export const CACHE_BYTES = 60e9;

/** Begins with a dot, which no digest does. */
const HELD = '.held';

/** Puts a file there whole and checked, or says what is wrong with it. */
export type FetchFile = (path: string) => Promise<string | null>;

interface Cached {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
  readonly inUse: boolean;
}

/**
 * Files by sha256 in a folder that all processes of a host share, without locks. Who uses one gives
 * it a second name first, and what has a second name is never evicted: not while it is copied, nor
 * while a stage's folder holds it. Who evicts at that very moment takes away a name, never bytes.
 */
export class HostCache {
  constructor(
    private readonly folder: string,
    private readonly limitBytes = CACHE_BYTES,
  ) {}

  /** Gives `path` the file, from here or through `fetch`; null, or what is wrong with the file. */
  async place(file: FileEntry, path: string, fetch: FetchFile): Promise<string | null> {
    if (file.size > this.limitBytes) return fetch(path);
    await makeFolder(join(this.folder, HELD));
    const held = join(this.folder, HELD, `${file.sha256}.${randomUUID()}`);
    try {
      const reason = (await this.#hold(file, held)) ? null : await this.#bring(file, held, fetch);
      if (reason === null) await placeFile(held, path, path);
      return reason;
    } finally {
      await rm(held, { force: true });
      await this.#evict(0);
    }
  }

  /** False when it is not here or damaged; a damaged one is taken away. */
  async #hold(file: FileEntry, held: string): Promise<boolean> {
    const cached = this.#pathOf(file);
    if (!(await linked(cached, held))) return false;
    if ((await fileDamage(held, file)) !== null) {
      await rm(cached, { force: true });
      await rm(held, { force: true });
      return false;
    }
    const now = new Date();
    await utimes(held, now, now);
    return true;
  }

  async #bring(file: FileEntry, held: string, fetch: FetchFile): Promise<string | null> {
    await this.#evict(file.size);
    const reason = await fetch(held);
    if (reason !== null) return reason;
    const now = new Date();
    await utimes(held, now, now);
    // Another process may have been first; its file is as good.
    await linked(held, this.#pathOf(file));
    return null;
  }

  /** Of what nobody uses the longest unused goes, until there is room for as many bytes more. */
  async #evict(room: number): Promise<void> {
    await removeLeftovers(join(this.folder, HELD), Date.now());
    const all = await this.#list();
    let total = all.reduce((sum, { bytes }) => sum + bytes, room);
    const unused = all.filter(({ inUse }) => !inUse).sort((a, b) => a.usedMs - b.usedMs);
    for (const { path, bytes } of unused) {
      if (total <= this.limitBytes) return;
      await rm(path, { force: true });
      total -= bytes;
    }
  }

  async #list(): Promise<Cached[]> {
    const found: Cached[] = [];
    for (const name of await readdir(this.folder)) {
      if (name.startsWith('.')) continue;
      const path = join(this.folder, name);
      const info = await stat(path).catch(() => null);
      if (info === null) continue;
      found.push({ path, bytes: info.size, usedMs: info.mtimeMs, inUse: info.nlink > 1 });
    }
    return found;
  }

  #pathOf(file: FileEntry): string {
    return join(this.folder, file.sha256);
  }
}

/** A second name for the same bytes; false when the first is gone or the second there already. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EEXIST')) return false;
    throw error;
  }
}
