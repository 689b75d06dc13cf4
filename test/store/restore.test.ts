import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { restoreNewest } from '../../src/store/restore.js';
import { chainOf, damage } from './support/chains.js';
import { localStore } from './support/examples.js';
import { temporaryFolder } from './support/temporary-folder.js';

it('restores the newest whole checkpoint and tells of the damaged one', async () => {
  const store = await localStore();
  const state = await chainOf(store, [1, 2, 3]);
  await damage(store, 3);
  const skipped: number[] = [];
  const restored = await restoreNewest(store, state, await temporaryFolder(), {
    onDamaged: ({ step }) => skipped.push(step),
  });
  expect([restored?.step, skipped]).toEqual([2, [3]]);
  expect(await readFile(join(restored?.folder ?? '', 'model/a.txt'), 'utf8')).toBe('step 2');
});

it('restores nothing from a chain without a checkpoint', async () => {
  expect(await restoreNewest(await localStore(), { published: [] }, '/unused')).toBeNull();
});
