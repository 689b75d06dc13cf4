import { describe, expect, it } from 'vitest';
import { hashFolder } from '../../src/store/artifact-files.js';
import { blobKey, manifestKey, materialise, publishArtifact } from '../../src/store/artifacts.js';
import { Chain } from '../../src/store/chain.js';
import { collectGarbage, lookForGarbage } from '../../src/store/collect-garbage.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { writeResult } from '../../src/store/results.js';
import { chainOf, KEY } from './support/chains.js';
import { attemptOn, digest, folderOf } from './support/examples.js';
import { changed } from './support/changed-store.js';
import { temporaryFolder } from './support/temporary-folder.js';

/** Later than anything that a test has written: all of it is old. */
const LATER = Date.now() + 3_600_000;

const publish = async (store: ObjectStore, text: string) =>
  publishArtifact(store, {
    folder: await folderOf({ 'a.txt': text, 'shared.json': 'shared' }),
    kind: 'files',
  });

async function blobOf(text: string): Promise<string> {
  const [file] = await hashFolder(await folderOf({ 'a.txt': text }));
  return file?.sha256 ?? '';
}

/** A chain, a result, an artifact that nobody names, and a file of a broken publication. */
async function world(store: ObjectStore) {
  const chain = await chainOf(store, [1, 2]);
  const result = await publish(store, 'result');
  const loose = await publish(store, 'loose');
  await store.put(blobKey(digest('d')), Buffer.from('broken off'));
  await writeResult(store, {
    stage: 'download',
    stageKey: digest('e'),
    planId: 'p',
    artifacts: { dataset: result },
    metrics: { kind: 'download', download: { items: [] } },
    seconds: 1,
    finishedAt: '2026-11-30T10:00:00.000Z',
  });
  return { chain, result, loose, named: [...chain.published.map((p) => p.manifest), result] };
}

export function collectGarbageContract(name: string, fresh: () => Promise<ObjectStore>): void {
  describe(`${name}: garbage`, () => {
    looks(fresh);
    races(fresh);
  });
}

function looks(fresh: () => Promise<ObjectStore>): void {
  it('looks without touching, and then deletes what it has shown and nothing else', async () => {
    const store = await fresh();
    const { loose, named } = await world(store);
    const before = await store.list('');
    const { garbage, contents } = await lookForGarbage(store, LATER);
    expect(garbage.manifests).toEqual([loose.digest]);
    expect([...garbage.blobs].sort()).toEqual([await blobOf('loose'), digest('d')].sort());
    expect([contents.manifests.size, contents.blobs.size]).toEqual([4, 6]);
    expect(await store.list('')).toEqual(before);

    expect(await collectGarbage(store, LATER)).toEqual({ manifests: 1, blobs: 2, finished: true });
    const gone = [manifestKey(loose.digest), blobKey(await blobOf('loose')), blobKey(digest('d'))];
    expect(await store.list('')).toEqual(before.filter((key) => !gone.includes(key)));
    for (const ref of named) await materialise(store, ref, await temporaryFolder());
  });

  it('leaves what is young', async () => {
    const store = await fresh();
    await world(store);
    const before = await store.list('');
    const hourAgo = Date.now() - 3_600_000;
    expect(await collectGarbage(store, hourAgo)).toMatchObject({ manifests: 0, blobs: 0 });
    expect(await store.list('')).toEqual(before);
  });

  it('keeps all files when a manifest that stays cannot be read', async () => {
    const store = await fresh();
    const { chain, loose } = await world(store);
    const key = chain.published[0]?.manifest.digest ?? '';
    await store.put(manifestKey(key), Buffer.from('{'));
    const { garbage } = await lookForGarbage(store, LATER);
    expect(garbage).toMatchObject({ manifests: [loose.digest], blobs: [], unreadable: [key] });
  });
}

function races(fresh: () => Promise<ObjectStore>): void {
  it('spares what a journal names between the look and the deletion', async () => {
    const store = await fresh();
    const { loose } = await world(store);
    const chain = new Chain(store, KEY.replaceAll('a', 'b'));
    const { token } = await chain.acquire(attemptOn('h2'));
    const slow = changed(store, {
      put: async (key, bytes) => {
        await store.put(key, bytes);
        // Marked, and not yet looked at again.
        if (key.startsWith('doomed/')) {
          await chain.publish(token, { manifest: loose, step: 9, host: 'h2' });
        }
      },
    });
    expect(await collectGarbage(slow, LATER)).toEqual({ manifests: 0, blobs: 1, finished: true });
    await materialise(store, loose, await temporaryFolder());
  });

  it('who publishes while it is deleted waits, and puts it again', async () => {
    const store = await fresh();
    const { loose } = await world(store);
    let publishing: ReturnType<typeof publish> | undefined;
    let waits = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (waits = resolve));
    const publisher = changed(store, {
      list: async (prefix) => {
        const keys = await store.list(prefix);
        if (prefix === 'doomed/' && keys.length > 0) waits();
        return keys;
      },
    });
    const collector = changed(store, {
      delete: async (key) => {
        if (key === manifestKey(loose.digest)) {
          publishing = publish(publisher, 'loose');
          await waiting;
        }
        await store.delete(key);
      },
    });
    expect(await collectGarbage(collector, LATER)).toMatchObject({ manifests: 1, finished: true });
    await materialise(store, (await publishing)!, await temporaryFolder());
  });

  it('deletes nothing more when somebody has taken it for dead', async () => {
    const store = await fresh();
    await world(store);
    const before = await store.list('');
    const slow = changed(store, {
      describe: async (prefix) => {
        for (const mark of await store.list('doomed/')) await store.delete(mark);
        return store.describe(prefix);
      },
    });
    expect(await collectGarbage(slow, LATER)).toEqual({ manifests: 0, blobs: 0, finished: false });
    expect(await store.list('')).toEqual(before);
  });
}
