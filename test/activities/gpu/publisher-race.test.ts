import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Hold } from '../../../src/activities/gpu/hold.js';
import { Leaving } from '../../../src/activities/gpu/leaving.js';
import { Publisher } from '../../../src/activities/gpu/publisher.js';
import { Beat } from '../../../src/activities/trainer/beat.js';
import { Orders } from '../../../src/activities/trainer/orders.js';
import { hashFolder } from '../../../src/store/artifact-files.js';
import { blobKey, manifestKey } from '../../../src/store/artifacts.js';
import { Chain } from '../../../src/store/chain.js';
import { restoreNewest } from '../../../src/store/restore.js';
import { openLab, quietEnvironment, stageOf } from '../support/lab.js';

const drops = vi.hoisted(() => ({
  before: (_step: number): Promise<void> => Promise.resolve(),
}));

vi.mock('../../../src/activities/gpu/staged.js', async (original) => {
  const real = await original<typeof import('../../../src/activities/gpu/staged.js')>();
  return {
    ...real,
    dropStaged: async (staged: { step: number }) => {
      await drops.before(staged.step);
      await real.dropStaged(staged as never);
    },
  };
});

async function world() {
  const lab = await openLab();
  onTestFinished(() => lab.close());
  const input = await stageOf(lab, 'full-train', [{}]);
  const chain = new Chain(lab.store, input.stageKey);
  const who = {
    planId: 'p',
    stage: 'full-train',
    host: 'host-a',
    boot: 'b',
    attempt: 1,
  } as const;
  const hold = new Hold(chain, await chain.acquire(who));
  const made = await quietEnvironment().run(async () => {
    const orders = new Orders();
    const beat = new Beat(lab.deps, input, 'steps', orders);
    const leaving = new Leaving(lab.deps, beat, orders);
    return new Publisher(lab.deps, hold, 2, beat, () => undefined, leaving);
  });
  const ready = async (step: number) => {
    const folder = join(lab.home, 'staging', `step-${step}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'state.json'), String(step));
    const files = await hashFolder(folder);
    const type = 'checkpoint-ready' as const;
    return { type, step, folder, files, seconds: 0, stallSeconds: 0 };
  };
  return { lab, chain, made, ready };
}

test('what another chain has let go of before the journal named it is put again', async () => {
  const { lab, chain, made, ready } = await world();
  const publish = chain.publish.bind(chain);
  const event = await ready(1);
  vi.spyOn(chain, 'publish').mockImplementation(async (token, publication) => {
    await lab.store.delete(manifestKey(publication.manifest.digest));
    for (const { sha256 } of event.files) await lab.store.delete(blobKey(sha256));
    return publish(token, publication);
  });
  await made.offer(event);
  await made.settle();
  const restored = await restoreNewest(lab.store, await chain.fold(), join(lab.home, 'restored'));
  expect(restored?.step).toBe(1);
});

test('what is taken up while an overtaken one is being dropped is not dropped with it', async () => {
  const { lab, chain, made, ready } = await world();
  const put = lab.store.putFile.bind(lab.store);
  const first = deferred();
  const third = deferred();
  const taken = deferred();
  vi.spyOn(lab.store, 'putFile').mockImplementation(async (key, path) => {
    if (path.includes('step-1')) await first.promise;
    if (path.includes('step-3')) {
      third.resolve();
      await taken.promise;
    }
    await put(key, path);
  });
  // Step 2 is overtaken by step 3; while it is dropped, step 1 ends and step 3 begins.
  drops.before = async (step) => {
    if (step !== 2) return;
    first.resolve();
    await third.promise;
  };
  for (const step of [1, 2, 3]) await made.offer(await ready(step));
  taken.resolve();
  await made.settle();
  const { published } = await chain.fold();
  expect(published.map(({ step }) => step)).toEqual([1, 3]);
});

function deferred() {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
