import { link, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LocalStore } from '../../src/store/local-store.js';
import { objectStoreContract } from './object-store.contract.js';
import { temporaryFolder } from './support/temporary-folder.js';

objectStoreContract('local store', async () =>
  LocalStore.open(join(await temporaryFolder(), 'store')),
);

it('leaves no temporary files, whoever won or lost', async () => {
  const store = await LocalStore.open(await temporaryFolder());
  await Promise.allSettled([
    store.putIfAbsent('a', Buffer.from('1')),
    store.putIfAbsent('a', Buffer.from('2')),
    store.put('b', Buffer.from('3')),
    store.putFile('c', '/does/not/exist'),
  ]);
  expect(await readdir(join(store.location, '.tmp'))).toEqual([]);
});

it('is one store to two openings of one folder', async () => {
  const folder = await temporaryFolder();
  const [one, two] = [await LocalStore.open(folder), await LocalStore.open(folder)];
  await one.putIfAbsent('a', Buffer.from('1'));
  expect(await two.putIfAbsent('a', Buffer.from('2'))).toBe(false);
});

const DAY_MS = 86_400_000;

it('removes what a killed process left a day ago, and nothing younger, however old its bytes', async () => {
  const folder = await temporaryFolder();
  const { location } = await LocalStore.open(folder);
  const weights = join(folder, 'weights.safetensors');
  await writeFile(weights, 'many gigabytes');
  const partial = join(location, '.tmp', '.left.partial');
  await link(weights, partial);
  await utimes(weights, 1, 1);
  const { ctimeMs } = await stat(partial);
  await LocalStore.open(folder, ctimeMs + DAY_MS - 1000);
  expect(await readdir(join(location, '.tmp'))).toEqual(['.left.partial']);
  await LocalStore.open(folder, ctimeMs + DAY_MS + 1);
  expect(await readdir(join(location, '.tmp'))).toEqual([]);
  expect((await stat(weights)).nlink).toBe(1);
});
