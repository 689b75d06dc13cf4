import { link, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import type { FileEntry } from '../../src/contracts/base.js';
import { fileDamage } from '../../src/store/artifact-files.js';
import { sha256Hex } from '../../src/store/canonical-json.js';
import { HostCache, type FetchFile } from '../../src/store/host-cache.js';
import { temporaryFolder } from './support/temporary-folder.js';

afterEach(() => void vi.useRealTimers());

const SIZE = 40;
const textOf = (name: string): string => name.padEnd(SIZE, '.');
const entryOf = (name: string, path = `${name}.json`): FileEntry => {
  return { path, size: SIZE, sha256: sha256Hex(textOf(name)) };
};

/** A cache with room for two files and a half, and what has been fetched so far. */
async function world(limit = 2.5 * SIZE) {
  const folder = await temporaryFolder();
  const cache = new HostCache(join(folder, 'cache'), limit);
  const fetched: string[] = [];
  const fetchOf =
    (name: string): FetchFile =>
    async (path) => {
      fetched.push(name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, textOf(name));
      return fileDamage(path, entryOf(name));
    };
  const place = async (name: string, ending = 'json'): Promise<string> => {
    const path = join(folder, `${name}-${fetched.length}.${ending}`);
    expect(await cache.place(entryOf(name), path, fetchOf(name))).toBeNull();
    expect(await readFile(path, 'utf8')).toBe(textOf(name));
    return path;
  };
  const cachedAt = (name: string): string => join(folder, 'cache', entryOf(name).sha256);
  const used = (name: string, second: number) => utimes(cachedAt(name), second, second);
  const cached = async (): Promise<string[]> => {
    const names = await readdir(join(folder, 'cache'));
    return ['a', 'b', 'c', 'd'].filter((name) => names.includes(entryOf(name).sha256));
  };
  return { folder, cache, fetched, fetchOf, place, cachedAt, used, cached };
}

it('fetches a file once', async () => {
  const { place, fetched } = await world();
  await place('a');
  await place('a', 'safetensors');
  await place('a');
  expect(fetched).toEqual(['a']);
});

it('evicts the longest unused when there is no room', async () => {
  const { place, used, cached } = await world();
  await place('a');
  await place('b');
  await used('a', 1000);
  await used('b', 2000);
  await place('a');
  await place('c');
  expect(await cached()).toEqual(['a', 'c']);
});

it('never evicts what a stage’s folder holds, and evicts it when that is gone', async () => {
  const { place, used, cached } = await world();
  const weights = await place('a', 'safetensors');
  await used('a', 1000);
  await place('b');
  await place('c');
  expect(await cached()).toEqual(['a', 'c']);
  await rm(weights);
  await used('a', 1000);
  await place('d');
  expect(await cached()).toEqual(['c', 'd']);
});

it('never evicts what another is about to copy', async () => {
  const { folder, cache, place, fetchOf, cached } = await world();
  const fetchSlowly: FetchFile = async (path) => {
    const reason = await fetchOf('a')(path);
    // Everything else in the cache is newer.
    for (const name of ['b', 'c', 'd']) await place(name);
    return reason;
  };
  const path = join(folder, 'slow.json');
  expect(await cache.place(entryOf('a'), path, fetchSlowly)).toBeNull();
  expect(await readFile(path, 'utf8')).toBe(textOf('a'));
  expect(await cached()).toHaveLength(2);
});

it('does not keep what is larger than its limit', async () => {
  const { place, fetched, cached } = await world(SIZE - 1);
  await place('a');
  await place('a');
  expect(fetched).toEqual(['a', 'a']);
  await expect(cached()).rejects.toThrow('ENOENT');
});

it('fetches again what has been damaged here', async () => {
  const { place, cachedAt, fetched } = await world();
  await place('a');
  await writeFile(cachedAt('a'), textOf('x'));
  await place('a');
  await place('a');
  expect(fetched).toEqual(['a', 'a']);
});

it('keeps nothing of a file that cannot be had', async () => {
  const { folder, cache, cached } = await world();
  const path = join(folder, 'a.json');
  expect(await cache.place(entryOf('a'), path, async () => 'missing')).toBe('missing');
  const broken = cache.place(entryOf('a'), path, () => Promise.reject(new Error('cut')));
  await expect(broken).rejects.toThrow('cut');
  expect(await cached()).toEqual([]);
  expect(await readdir(join(folder, 'cache', '.held'))).toEqual([]);
});

it('forgets what a killed process held, after a day', async () => {
  const { folder, place, cachedAt, used, cached } = await world();
  await place('a');
  await used('a', 1000);
  // Killed while it copied.
  await link(cachedAt('a'), join(folder, 'cache', '.held', 'killed'));
  await place('b');
  await place('c');
  expect(await cached()).toEqual(['a', 'c']);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 86_400_000 });
  await place('d');
  expect(await cached()).toEqual(['c', 'd']);
});

/** Each has nothing in common with the others but the folder, as processes have. */
it('gives everybody the right bytes however many use it at once, and stays within its limit', async () => {
  const { folder, fetchOf, cached } = await world();
  const names = ['a', 'b', 'c', 'd'];
  const users = Array.from({ length: 8 }, () => new HostCache(join(folder, 'cache'), 2.5 * SIZE));
  await Promise.all(
    users.map(async (user, index) => {
      for (let turn = 0; turn < 25; turn += 1) {
        const name = names[(index + turn * (1 + (index % 3))) % 4] ?? 'a';
        const ending = turn % 2 === 0 ? 'json' : 'safetensors';
        const path = join(folder, `${index}-${turn}.${ending}`);
        expect(await user.place(entryOf(name), path, fetchOf(name))).toBeNull();
        expect(await readFile(path, 'utf8')).toBe(textOf(name));
        await rm(path);
      }
    }),
  );
  expect(await readdir(join(folder, 'cache', '.held'))).toEqual([]);
  const sizes = await Promise.all(
    (await cached()).map(async (name) => {
      return (await stat(join(folder, 'cache', entryOf(name).sha256))).size;
    }),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2.5 * SIZE);
});
