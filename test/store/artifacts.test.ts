import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hashFolder } from '../../src/store/artifact-files.js';
import { blobKey, manifestKey, materialise, publishArtifact } from '../../src/store/artifacts.js';
import { digestOf } from '../../src/store/canonical-json.js';
import { Chain } from '../../src/store/chain.js';
import { DamagedArtifactError } from '../../src/store/errors.js';
import type { LocalStore } from '../../src/store/local-store.js';
import type { Marks } from '../../src/store/marked.js';
import { pruneCheckpoints } from '../../src/store/prune.js';
import { restoreNewest } from '../../src/store/restore.js';
import { attemptOn, folderOf, localStore } from './support/examples.js';
import { temporaryFolder } from './support/temporary-folder.js';

const KEY = 'a'.repeat(64);

/** Checkpoints of these steps; each has a file of its own and one that all share. */
async function chainOf(
  store: LocalStore,
  steps: readonly number[],
  key = KEY,
  marks: Readonly<Record<number, Marks>> = {},
) {
  const chain = new Chain(store, key);
  const { token } = await chain.acquire(attemptOn('h1'));
  for (const step of steps) {
    const folder = await folderOf({ 'model/a.txt': `step ${step}`, 'config.json': 'shared' });
    const manifest = await publishArtifact(store, { folder, kind: 'checkpoint' });
    await chain.publish(token, { manifest, step, host: 'h1', marks: marks[step] ?? {} });
  }
  return chain.fold();
}

async function damage(store: LocalStore, step: number): Promise<void> {
  const [file] = await hashFolder(await folderOf({ a: `step ${step}` }));
  await store.put(blobKey(file?.sha256 ?? ''), Buffer.from(`step X`));
}

it('brings back what was published, with and without a cache', async () => {
  const store = await localStore();
  const folder = await folderOf({ 'b/c.txt': 'c', 'a.safetensors': 'weights' });
  const ref = await publishArtifact(store, { folder, kind: 'model' });
  const to = await temporaryFolder();
  for (const options of [{}, { cache: join(to, 'cache') }, { cache: join(to, 'cache') }]) {
    const manifest = await materialise(store, ref, join(to, 'new'), options);
    expect(digestOf(manifest)).toBe(ref.digest);
    expect(await hashFolder(join(to, 'new'))).toEqual(manifest.files);
  }
  expect(ref.bytes).toBe(8);
});

it('names every damaged file and leaves none of them behind', async () => {
  const store = await localStore();
  const ref = await publishArtifact(store, {
    folder: await folderOf({ a: 'one', b: 'two', c: 'three' }),
    kind: 'files',
  });
  const [a, b] = await hashFolder(await folderOf({ a: 'one', b: 'two' }));
  await store.put(blobKey(a?.sha256 ?? ''), Buffer.from('onE'));
  await store.delete(blobKey(b?.sha256 ?? ''));
  const to = await temporaryFolder();
  const error: unknown = await materialise(store, ref, to).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DamagedArtifactError);
  expect(String(error)).toMatch(/a \(sha256 differs\), b \(missing in the store\)/);
  expect((await hashFolder(to)).map(({ path }) => path)).toEqual(['c']);
});

it('refuses files that are not what their digests say, and shows no manifest', async () => {
  const store = await localStore();
  const folder = await folderOf({ a: 'one' });
  const files = await hashFolder(folder);
  await writeFile(join(folder, 'a'), 'onE');
  const publish = publishArtifact(store, { folder, files, kind: 'checkpoint' });
  await expect(publish).rejects.toThrow('a (sha256 differs)');
  expect(await store.list('')).toEqual([]);
});

it('refuses a manifest whose path leaves the folder', async () => {
  const store = await localStore();
  const [file] = await hashFolder(await folderOf({ a: 'one' }));
  const evil = {
    files: [{ path: '../a', sha256: file?.sha256, size: 3 }],
    kind: 'files',
    version: 1,
  };
  await store.put(
    manifestKey(digestOf(evil)),
    Buffer.from(JSON.stringify(evil, ['files', 'path', 'sha256', 'size', 'kind', 'version'])),
  );
  const bring = materialise(store, { digest: digestOf(evil) }, await temporaryFolder());
  await expect(bring).rejects.toThrow('../a (path leaves the folder)');
});

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
