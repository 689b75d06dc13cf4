import { blobKey, manifestKey, readManifest } from '../../store/artifacts.js';
import type { ObjectStore } from '../../store/object-store.js';
import { atOnce, type Fault } from '../fault.js';
import { DrillError } from '../wait.js';
import { killHost } from './killed.js';

/** The host is gone, and what the next one would go on from is not what was published. */
const damaged = (
  name: string,
  words: Pick<Fault, 'en' | 'zh'>,
  harm: (store: ObjectStore, manifest: string) => Promise<void>,
): Fault => ({
  name,
  ...words,
  expects: { kinds: ['host-lost'], repeats: true, skips: true },
  open: atOnce(async (trial, target) => {
    await killHost(trial, target);
    const { newest } = await trial.chain.fold();
    if (!newest) throw new DrillError(`${trial.planId} has no checkpoint that could be damaged.`);
    await harm(trial.store, newest.manifest.digest);
  }),
});

/** The largest file: weights, or their moments. */
async function changeLargest(
  store: ObjectStore,
  manifest: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const { files } = await readManifest(store, manifest);
  const largest = files.toSorted((a, b) => b.size - a.size)[0];
  const key = blobKey(largest?.sha256 ?? '');
  const bytes = await store.get(key);
  if (bytes === undefined) throw new DrillError(`The store has no ${key}.`);
  await store.put(key, change(bytes));
}

export const checkpointTruncated = damaged(
  'checkpoint-truncated',
  { en: 'newest checkpoint cut off half-way, host killed', zh: '最新检查点只剩一半，主机被杀' },
  (store, manifest) =>
    changeLargest(store, manifest, (bytes) => bytes.subarray(0, bytes.length >> 1)),
);

export const checkpointFlipped = damaged(
  'checkpoint-flipped',
  {
    en: 'one bit of the newest checkpoint flipped, host killed',
    zh: '最新检查点一个比特翻转，主机被杀',
  },
  (store, manifest) =>
    changeLargest(store, manifest, (bytes) => {
      const changed = Uint8Array.from(bytes);
      const middle = changed.length >> 1;
      changed[middle] = (changed[middle] ?? 0) ^ 1;
      return changed;
    }),
);

export const manifestMissing = damaged(
  'manifest-missing',
  {
    en: 'manifest of the newest checkpoint gone, host killed',
    zh: '最新检查点的清单丢失，主机被杀',
  },
  (store, manifest) => store.delete(manifestKey(manifest)),
);
