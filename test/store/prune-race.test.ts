import { expect, it } from 'vitest';
import {
  blobKey,
  confirmArtifact,
  manifestKey,
  materialise,
  publishArtifact,
} from '../../src/store/artifacts.js';
import { hashFolder } from '../../src/store/artifact-files.js';
import { Chain } from '../../src/store/chain.js';
import { pruneCheckpoints } from '../../src/store/prune.js';
import { changed } from './support/changed-store.js';
import { attemptOn, folderOf, localStore } from './support/examples.js';
import { chainOf } from './support/chains.js';
import { temporaryFolder } from './support/temporary-folder.js';

const stepOne = () => folderOf({ 'model/a.txt': 'step 1', 'config.json': 'shared' });

/** A chain whose first checkpoint is about to go, and that checkpoint made again elsewhere. */
async function world() {
  const store = await localStore();
  const pruned = await chainOf(store, [1, 2]);
  const folder = await stepOne();
  const [weights] = (await hashFolder(folder)).filter(({ path }) => path.startsWith('model/'));
  const key = blobKey(weights?.sha256 ?? '');
  return { store, pruned, folder, key };
}

it('a blob that vanishes between the look and the manifest is put again', async () => {
  const { store, pruned, folder, key } = await world();
  // Like a bucket, where nothing is sent that is there already.
  const bucket = changed(store, {
    kind: 's3',
    put: async (name, bytes) => {
      if (name.startsWith('manifests/')) {
        expect(await pruneCheckpoints(store, pruned, 1)).toEqual({ checkpoints: 1, blobs: 1 });
        expect(await store.has(key)).toBe(false);
      }
      await store.put(name, bytes);
    },
  });
  const ref = await publishArtifact(bucket, { folder, kind: 'model' });
  await materialise(store, ref, await temporaryFolder());
});

it('who publishes what is about to be deleted waits, and puts it again', async () => {
  const { store, pruned, folder, key } = await world();
  let deletes = (): void => undefined;
  const waited = new Promise<void>((resolve) => (deletes = resolve));
  let stands = (): void => undefined;
  const decided = new Promise<void>((resolve) => (stands = resolve));
  const pruning = changed(store, {
    delete: async (name) => {
      if (name === key) {
        stands();
        await waited;
      }
      await store.delete(name);
    },
  });
  const gone = pruneCheckpoints(pruning, pruned, 1);
  // The manifests are read: a new one is not seen any more.
  await decided;
  const looking = changed(store, {
    list: async (prefix) => {
      const keys = await store.list(prefix);
      if (prefix === 'doomed/' && keys.length > 0) deletes();
      return keys;
    },
  });
  const ref = await publishArtifact(looking, { folder, kind: 'model' });
  expect(await gone).toEqual({ checkpoints: 1, blobs: 1 });
  await materialise(store, ref, await temporaryFolder());
});

it('a checkpoint that goes before its journal names it is put again, and spared from then on', async () => {
  const { store, pruned, folder } = await world();
  const artifact = { folder, kind: 'checkpoint' as const, files: await hashFolder(folder) };
  const ref = await publishArtifact(store, artifact);
  expect(ref.digest).toBe(pruned.published[0]?.manifest.digest);
  await pruneCheckpoints(store, pruned, 1);
  const chain = new Chain(store, 'b'.repeat(64));
  const { token } = await chain.acquire(attemptOn('h2'));
  await chain.publish(token, { manifest: ref, step: 1, host: 'h2' });
  await confirmArtifact(store, artifact);
  expect(await pruneCheckpoints(store, pruned, 1)).toEqual({ checkpoints: 0, blobs: 0 });
  expect(await store.has(manifestKey(ref.digest))).toBe(true);
  await materialise(store, ref, await temporaryFolder());
});

it('a rotation that woke up after it was taken for dead deletes nothing more', async () => {
  const { store, pruned, key } = await world();
  const takenForDead = async (): Promise<void> => {
    for (const mark of await store.list('doomed/')) await store.delete(mark);
  };
  const early = changed(store, {
    list: async (prefix) => {
      if (prefix === 'chains/') await takenForDead();
      return store.list(prefix);
    },
  });
  expect(await pruneCheckpoints(early, pruned, 1)).toEqual({ checkpoints: 0, blobs: 0 });
  const late = changed(store, {
    delete: async (name) => {
      if (name.startsWith('manifests/')) await takenForDead();
      await store.delete(name);
    },
  });
  expect(await pruneCheckpoints(late, pruned, 1)).toEqual({ checkpoints: 1, blobs: 0 });
  expect(await store.has(key)).toBe(true);
});
