import { access, link, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MissingObjectError } from './errors.js';
import {
  isErrno,
  makeFolder,
  placeFile,
  removeLeftovers,
  replaceFile,
  syncPath,
  writeTemporary,
} from './local-files.js';
import { keyParts, type ObjectStore, type StoredObject } from './object-store.js';

/** Begins with a dot, which no part of a key may: never listed, never reached by a key. */
const TEMPORARY = '.tmp';

/** A store in a folder. Promises: object-store.ts. The temporary folder lies on the same disk. */
export class LocalStore implements ObjectStore {
  readonly kind = 'local';

  private constructor(readonly location: string) {}

  static async open(folder: string, now = Date.now()): Promise<LocalStore> {
    await makeFolder(join(folder, TEMPORARY));
    await removeLeftovers(join(folder, TEMPORARY), now);
    return new LocalStore(folder);
  }

  /** link() alone refuses a taken name in one step; rename would overwrite in silence. */
  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const path = await this.#prepare(key);
    const temporary = await writeTemporary(join(this.location, TEMPORARY), bytes);
    try {
      await link(temporary, path);
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return false;
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
    await syncPath(dirname(path));
    return true;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await replaceFile(await this.#prepare(key), bytes, join(this.location, TEMPORARY));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.#path(key));
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  async putFile(key: string, path: string): Promise<void> {
    await placeFile(path, await this.#prepare(key), path, join(this.location, TEMPORARY));
  }

  async getFile(key: string, path: string): Promise<void> {
    if (!(await this.has(key))) throw new MissingObjectError(key, this.location);
    await makeFolder(dirname(path));
    await placeFile(this.#path(key), path, path);
  }

  async has(key: string): Promise<boolean> {
    try {
      await access(this.#path(key));
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
      throw error;
    }
  }

  async list(prefix: string): Promise<string[]> {
    // A prefix may end inside a name; the folder above it is what can be read.
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const keys = await this.#keysBelow(folder);
    return keys.filter((key) => key.startsWith(prefix)).sort();
  }

  /** ctime is the making of that name; weights that were linked have the age of their file by mtime. */
  async describe(prefix: string): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    for (const key of await this.list(prefix)) {
      const info = await stat(this.#path(key)).catch((error: unknown) => {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
        throw error;
      });
      if (info) found.push({ key, bytes: info.size, modifiedMs: info.ctimeMs });
    }
    return found;
  }

  /** A folder has no uploads; what killed processes left is removed when it is opened. */
  async abortStaleUploads(): Promise<string[]> {
    return [];
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key);
    await rm(path, { force: true });
  }

  async #keysBelow(folder: string): Promise<string[]> {
    const path = folder === '' ? this.location : this.#path(folder.slice(0, -1));
    const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
      throw error;
    });
    const keys: string[] = [];
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) keys.push(...(await this.#keysBelow(`${folder}${entry.name}/`)));
      else keys.push(`${folder}${entry.name}`);
    }
    return keys;
  }

  #path(key: string): string {
    return join(this.location, ...keyParts(key));
  }

  async #prepare(key: string): Promise<string> {
    const path = this.#path(key);
    await makeFolder(dirname(path));
    return path;
  }
}
