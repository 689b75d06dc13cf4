import { expect, it, vi } from 'vitest';
import { manifestKey, materialise } from '../../src/store/artifacts.js';
import { pruneCheckpoints } from '../../src/store/prune.js';
import { restoreNewest } from '../../src/store/restore.js';
import { chainOf, damage, KEY } from './support/chains.js';
import { localStore } from './support/examples.js';
import { temporaryFolder } from './support/temporary-folder.js';

it('prunes old checkpoints but no file that a newer one needs', async () => {
  const store = await localStore();
  const state = await chainOf(store, [1, 2, 3, 4]);
  expect(await pruneCheckpoints(store, state, 2)).toEqual({ checkpoints: 2, blobs: 2 });
  expect(await store.list('manifests/')).toHaveLength(2);
  for (const { manifest } of state.published.slice(-2)) {
    await materialise(store, manifest, await temporaryFolder());
  }
});

it('never prunes the last valid checkpoint', async () => {
  const store = await localStore();
  const state = await chainOf(store, [1, 2, 3, 4]);
  await damage(store, 3);
  await damage(store, 4);
  expect(await pruneCheckpoints(store, state, 1)).toEqual({ checkpoints: 1, blobs: 1 });
  expect((await restoreNewest(store, state, await temporaryFolder()))?.step).toBe(2);
});

it('spares the best by validation and the ends of epochs, however old', async () => {
  const store = await localStore();
  const marks = { 1: { best: true, nll: 2 }, 2: { endsEpoch: true, nll: 3 }, 3: { best: true } };
  const state = await chainOf(store, [1, 2, 3, 4, 5, 6], undefined, marks);
  expect(await pruneCheckpoints(store, state, 1)).toEqual({ checkpoints: 3, blobs: 3 });
  const left = await Promise.all(
    state.published.map(({ manifest }) => store.get(manifestKey(manifest.digest))),
  );
  expect(left.map((bytes) => bytes !== undefined)).toEqual([false, true, true, false, false, true]);
});

it('spares the best of another chain', async () => {
  const store = await localStore();
  await chainOf(store, [1, 2, 3], 'b'.repeat(64), { 1: { best: true } });
  const state = await chainOf(store, [1, 2, 3]);
  expect(await pruneCheckpoints(store, state, 1)).toEqual({ checkpoints: 1, blobs: 1 });
});

it('spares a checkpoint that another chain would restore from', async () => {
  const store = await localStore();
  await chainOf(store, [1], 'b'.repeat(64));
  const state = await chainOf(store, [1, 2]);
  expect(await pruneCheckpoints(store, state, 1)).toEqual({ checkpoints: 0, blobs: 0 });
});

it('spares as many of another chain as that one keeps itself, and no more', async () => {
  const store = await localStore();
  await chainOf(store, [1, 2, 3, 4], 'b'.repeat(64), {}, 3);
  await chainOf(store, [1, 2, 3, 4], 'c'.repeat(64), {}, 1);
  const state = await chainOf(store, [1, 2, 3, 4], KEY, {}, 1);
  expect(await pruneCheckpoints(store, state, 1)).toEqual({ checkpoints: 1, blobs: 1 });
  const left = await Promise.all(
    state.published.map(({ manifest }) => store.get(manifestKey(manifest.digest))),
  );
  expect(left.map((bytes) => bytes !== undefined)).toEqual([false, true, true, true]);
});

it('reads each manifest once, however often it prunes', async () => {
  const store = await localStore();
  await chainOf(store, [7, 8, 9], 'b'.repeat(64));
  const prune = async (...steps: number[]) => {
    const state = await chainOf(store, steps);
    const reading = vi.spyOn(store, 'get');
    await pruneCheckpoints(store, state, 1, { isValid: async () => true });
    const read = reading.mock.calls.filter(([key]) => key.startsWith('manifests/')).length;
    reading.mockRestore();
    return read;
  };
  // Three of the other chain, and two of this one; then the one that is new and stays.
  expect(await prune(1, 2)).toBe(5);
  expect(await prune(3)).toBe(1);
});
