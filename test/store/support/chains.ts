import { hashFolder } from '../../../src/store/artifact-files.js';
import { blobKey, publishArtifact } from '../../../src/store/artifacts.js';
import { Chain } from '../../../src/store/chain.js';
import type { Marks } from '../../../src/store/marked.js';
import type { ObjectStore } from '../../../src/store/object-store.js';
import { attemptOn, folderOf } from './examples.js';

export const KEY = 'a'.repeat(64);

/** Checkpoints of these steps; each has a file of its own and one that all share. */
export async function chainOf(
  store: ObjectStore,
  steps: readonly number[],
  key = KEY,
  marks: Readonly<Record<number, Marks>> = {},
  keep?: number,
) {
  const chain = new Chain(store, key);
  const { token } = await chain.acquire({ ...attemptOn('h1'), ...(keep ? { keep } : {}) });
  for (const step of steps) {
    const folder = await folderOf({ 'model/a.txt': `step ${step}`, 'config.json': 'shared' });
    const manifest = await publishArtifact(store, { folder, kind: 'checkpoint' });
    await chain.publish(token, { manifest, step, host: 'h1', marks: marks[step] ?? {} });
  }
  return chain.fold();
}

export async function damage(store: ObjectStore, step: number): Promise<void> {
  const [file] = await hashFolder(await folderOf({ a: `step ${step}` }));
  await store.put(blobKey(file?.sha256 ?? ''), Buffer.from(`step X`));
}
