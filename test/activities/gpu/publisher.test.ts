import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityCancellationDetails } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Beat } from '../../../src/activities/trainer/beat.js';
import { Hold } from '../../../src/activities/gpu/hold.js';
import { Leaving } from '../../../src/activities/gpu/leaving.js';
import { Publisher } from '../../../src/activities/gpu/publisher.js';
import { Orders } from '../../../src/activities/trainer/orders.js';
import { findStaged, recordStaged } from '../../../src/activities/gpu/staged.js';
import type { CheckpointReadyEvent } from '../../../src/contracts/events.js';
import { hashFolder } from '../../../src/store/artifact-files.js';
import { Departure } from '../../../src/notices/departure.js';
import { Chain } from '../../../src/store/chain.js';
import { openLab, quietEnvironment, stageOf, type Lab } from '../support/lab.js';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

async function ready(
  step: number,
  marks: Partial<CheckpointReadyEvent> = {},
): Promise<CheckpointReadyEvent> {
  const folder = join(lab.home, 'staging', `step-${step}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'state.json'), String(step));
  const files = await hashFolder(folder);
  return {
    type: 'checkpoint-ready',
    step,
    folder,
    files,
    seconds: 0,
    stallSeconds: 0,
    ...marks,
  };
}

async function publisher(onRefused = (): void => undefined) {
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
  const env = quietEnvironment();
  const made = await env.run(async () => {
    const orders = new Orders();
    const beat = new Beat(lab.deps, input, 'steps', orders);
    const leaving = new Leaving(lab.deps, beat, orders);
    return new Publisher(lab.deps, hold, 2, beat, onRefused, leaving);
  });
  const leave = (departure: Departure, stopAt: string): void => {
    const seenAt = new Date().toISOString();
    departure.tell({ kind: 'stop', source: 'gcp', action: 'preempted', stopAt, seenAt });
    env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
  };
  return { chain, who, made, leave };
}

/** As a later attempt on this host finds them. */
async function staged(...events: readonly CheckpointReadyEvent[]) {
  for (const event of events) await recordStaged(event);
  return findStaged(join(lab.home, 'staging'));
}

const published = async (chain: Chain) => (await chain.fold()).published.map(({ step }) => step);

describe('Publisher', () => {
  it('settles only when what was offered just before is published', async () => {
    const { chain, made } = await publisher();
    const event = await ready(3);
    void made.offer(event);
    await made.settle();
    expect(await published(chain)).toEqual([3]);
  });

  it('leaves the trainer the seconds that publishing took, and goes on where it cannot', async () => {
    let now = 0;
    lab = { ...lab, deps: { ...lab.deps, now: () => new Date(now) } };
    const put = lab.store.putFile.bind(lab.store);
    vi.spyOn(lab.store, 'putFile').mockImplementation(async (key, path) => {
      now += 12_500;
      await put(key, path);
    });
    const { chain, made } = await publisher();
    await made.offer(await ready(1));
    await made.settle();
    const told = join(lab.home, 'staging', 'publishing.json');
    expect(JSON.parse(await readFile(told, 'utf8'))).toEqual({ seconds: 12.5 });
    await rm(told);
    await mkdir(told);
    await made.offer(await ready(2));
    await made.settle();
    expect(await published(chain)).toEqual([1, 2]);
    expect(await findStaged(join(lab.home, 'staging'))).toEqual([]);
  });

  it('publishes the first and the newest of those that wait', async () => {
    const { chain, made } = await publisher();
    const events = await Promise.all([1, 2, 3, 4].map((step) => ready(step)));
    await Promise.all(events.map((event) => made.offer(event)));
    await made.settle();
    const steps = await published(chain);
    expect(steps.at(-1)).toBe(4);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps.length).toBeLessThanOrEqual(4);
  });

  it('salvages the newest that is whole', async () => {
    const { chain, made } = await publisher();
    const [two, four] = await Promise.all([ready(2), ready(4)]);
    await writeFile(join(four.folder, 'state.json'), 'half');
    await made.salvage(await staged(two, four));
    expect(await published(chain)).toEqual([2]);
  });

  it('drops no waiting best and no end of an epoch for a newer one', async () => {
    const { chain, made } = await publisher();
    const marks = [{}, { best: true, nll: 3 }, { best: true, nll: 2 }, {}, { endsEpoch: true }, {}];
    const events = await Promise.all(marks.map((mark, index) => ready(index + 1, mark)));
    await Promise.all(events.map((event) => made.offer(event)));
    await made.settle();
    const steps = await published(chain);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps).toEqual(expect.arrayContaining([3, 5, 6]));
    const best = (await chain.fold()).published.find(({ step }) => step === 3);
    expect(best?.marks).toEqual({ best: true, nll: 2 });
  });

  it('salvages the best beside the newest that is whole, in the order of their steps', async () => {
    const { chain, made } = await publisher();
    const events = await Promise.all([
      ready(1),
      ready(2, { best: true, nll: 1 }),
      ready(3),
      ready(4),
    ]);
    await writeFile(join(events[3].folder, 'state.json'), 'half');
    await made.salvage(await staged(...events));
    expect(await published(chain)).toEqual([2, 3]);
  });

  it('publishes nothing older than a best that it has salvaged', async () => {
    const { chain, made } = await publisher();
    const events = await Promise.all([ready(1), ready(2, { best: true, nll: 1 }), ready(3)]);
    await writeFile(join(events[2].folder, 'state.json'), 'half');
    await made.salvage(await staged(...events));
    expect(await published(chain)).toEqual([2]);
  });

  it('salvages nothing older on top of one whose predecessors could not be cleared away', async () => {
    const { chain, made } = await publisher();
    const events = await Promise.all([1, 2, 3, 4, 5].map((step) => ready(step)));
    for (const event of events.slice(0, 3)) {
      await made.offer(event);
      await made.settle();
    }
    const real = lab.store.list.bind(lab.store);
    const list = vi.spyOn(lab.store, 'list').mockImplementation((prefix) => {
      if (prefix === 'doomed/') return real(prefix);
      return Promise.reject(new Error('the store is away'));
    });
    await made.salvage(await staged(...events.slice(3)));
    list.mockRestore();
    expect((await published(chain)).at(-1)).toBe(5);
    expect(await published(chain)).not.toContain(4);
  });

  it('tells once that a newer attempt has taken over, and publishes nothing more', async () => {
    let refusals = 0;
    const { chain, who, made } = await publisher(() => (refusals += 1));
    await chain.acquire({ ...who, host: 'host-b', attempt: 2 });
    await made.offer(await ready(1));
    await made.settle();
    await made.offer(await ready(2));
    await made.settle();
    expect([refusals, made.refused, await published(chain)]).toEqual([1, true, []]);
    expect((await chain.fold()).refused).toHaveLength(1);
  });

  it('drops an older upload for the last checkpoint, which alone is published, however late it ends', async () => {
    const departure = new Departure();
    lab = { ...lab, deps: { ...lab.deps, departure, marginSeconds: 0 } };
    const put = lab.store.putFile.bind(lab.store);
    let arrive = (): void => undefined;
    const arrives = new Promise<void>((resolve) => (arrive = resolve));
    let signal: AbortSignal | undefined;
    const { chain, made, leave } = await publisher();
    await made.offer(await ready(1));
    await made.settle();
    vi.spyOn(lab.store, 'putFile').mockImplementationOnce(async (key, path, given) => {
      signal = given;
      await arrives;
      await put(key, path);
    });
    await made.offer(await ready(2));
    await expect.poll(() => signal?.aborted).toBe(false);
    const stopAt = new Date(Date.now() + 3600_000).toISOString();
    leave(departure, stopAt);
    await made.offer(await ready(3));
    expect(signal?.aborted).toBe(true);
    await made.settle();
    arrive();
    expect(await published(chain)).toEqual([1, 3]);
    const left = await findStaged(join(lab.home, 'staging'));
    expect(left.map(({ step }) => step)).toEqual([2]);
  });

  it('keeps an older upload when the last checkpoint would not fit', async () => {
    const departure = new Departure();
    lab = { ...lab, deps: { ...lab.deps, departure, marginSeconds: 0 } };
    const { chain, made, leave } = await publisher();
    await made.offer(await ready(1));
    await made.settle();
    let signal: AbortSignal | undefined;
    let arrive = (): void => undefined;
    const arrives = new Promise<void>((resolve) => (arrive = resolve));
    const put = lab.store.putFile.bind(lab.store);
    vi.spyOn(lab.store, 'putFile').mockImplementationOnce(async (key, path, given) => {
      signal = given;
      await arrives;
      await put(key, path);
    });
    await made.offer(await ready(2));
    await expect.poll(() => signal).toBeDefined();
    // The end is now: nothing that takes any time fits.
    leave(departure, new Date(0).toISOString());
    await made.offer(await ready(3));
    expect(signal?.aborted).toBe(false);
    arrive();
    await made.settle();
    expect((await published(chain)).slice(0, 2)).toEqual([1, 2]);
  });
});
