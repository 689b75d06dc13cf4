import { readdir } from 'node:fs/promises';
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
