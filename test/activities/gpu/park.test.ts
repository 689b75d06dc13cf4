import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Keeper } from '../../../src/activities/gpu/keeper.js';
import { HostRecord } from '../../../src/contracts/journal.js';
import { Chain } from '../../../src/store/chain.js';
import {
  readHostRecord,
  removeHostRecord,
  writeHostRecord,
} from '../../../src/store/host-records.js';
import { writeResult } from '../../../src/store/results.js';
import { attempt, type Attempt, chainOf, CODE, failure, openLab, stageOf } from '../support/lab.js';

/** Longer than a busy machine may keep this process from renewing. */
const TIMEOUT_MS = 5000;
const START = '2026-11-30T10:00:00.000Z';

/** Host `a` has the chain and renews its record as often as the test does; an attempt on `b` comes. */
async function cutOffElsewhere() {
  const lab = await openLab({ host: { id: 'b', boot: 'boot-b' }, keeper: new Keeper() });
  onTestFinished(() => lab.close());
  const input = await stageOf(lab, 'full-train', [{ steps: 6 }]);
  const chain = new Chain(lab.store, input.stageKey);
  const who = { planId: 'p', stage: 'full-train', host: 'a', boot: 'boot-a', attempt: 1 } as const;
  const { token } = await chain.acquire(who);
  const renew = (change: Partial<HostRecord> = {}): Promise<void> =>
    writeHostRecord(lab.store, HostRecord.parse({ ...RECORD, renewedAt: now(), ...change }));
  const come = (): Attempt =>
    attempt(lab.deps, input, { attempt: 2, heartbeatTimeoutMs: TIMEOUT_MS });
  return { lab, input, chain, token, renew, come };
}

const now = (): string => new Date().toISOString();
const RECORD = {
  id: 'a',
  boot: 'boot-a',
  gpuClass: 'local',
  hostname: 'a',
  pid: 1,
  gpus: [],
  pricePerHourFen: null,
  profile: 'none',
  codeDigest: CODE,
  freeDiskBytes: 1,
  stage: 'full-train',
  planId: 'p',
  step: 41,
  startedAt: START,
};

const evaluate = { suites: {}, secondsPerQuestion: 1, answersThisAttempt: 0 };
const RESULT = {
  planId: 'p',
  stage: 'full-train',
  artifacts: {},
  metrics: { kind: 'evaluate', evaluate },
  seconds: 1234,
  finishedAt: START,
} as const;

const parked = (second: Attempt) => second.until(({ phase }) => phase === 'parked');

/** While the test waits for something the host goes on renewing. */
async function renewing<T>(renew: () => Promise<void>, work: Promise<T>): Promise<T> {
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = last.then(renew);
  }, 20);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    await last;
  }
}

describe('an attempt that finds another host at work', () => {
  test('waits while that renews its record, and takes over one heartbeat timeout later', async () => {
    const { lab, input, renew, come, token } = await cutOffElsewhere();
    await renew();
    const second = come();
    expect(await parked(second)).toMatchObject({
      host: 'b',
      token: null,
      trainerPid: null,
      waitsFor: { host: 'a', step: 41 },
    });
    const further = second.until(({ waitsFor }) => waitsFor?.step === 42);
    await renewing(() => renew({ step: 42 }), further);
    const last = (await readHostRecord(lab.store, 'a'))!.renewedAt;
    expect(await second.outcome).toMatchObject({ kind: 'finished' });
    const { attempts, published, postMortems } = await chainOf(lab, input);
    expect(attempts.map(({ host }) => host)).toEqual(['a', 'b']);
    const silent = Date.parse(attempts[1]!.at) - Date.parse(last);
    expect(silent).toBeGreaterThanOrEqual(TIMEOUT_MS - 50);
    expect(published.every((each) => each.token === attempts[1]!.token)).toBe(true);
    expect(postMortems).toMatchObject([{ kind: 'host-lost', lostToken: token }]);
  });

  test('does not wait for one that has ended, is gone, does something else, or was seen long ago', async () => {
    const free: ((world: Awaited<ReturnType<typeof cutOffElsewhere>>) => Promise<unknown>)[] = [
      ({ chain, token }) => chain.end(token, 'crashed', 3, 'it broke'),
      ({ lab }) => removeHostRecord(lab.store, 'a'),
      ({ renew }) => renew({ stage: null }),
      ({ renew }) => renew({ boot: 'another' }),
      ({ renew }) => renew({ renewedAt: START }),
    ];
    for (const make of free) {
      const world = await cutOffElsewhere();
      await world.renew();
      await make(world);
      const second = world.come();
      expect(await second.outcome).toMatchObject({ kind: 'finished' });
      expect(second.beats.map(({ phase }) => phase)).not.toContain('parked');
    }
  });

  test('returns the result that the other one leaves', async () => {
    const { lab, input, renew, come, chain, token } = await cutOffElsewhere();
    await renew();
    const second = come();
    await renewing(renew, parked(second));
    await writeResult(lab.store, { ...RESULT, stageKey: input.stageKey });
    await chain.end(token, 'finished', 50);
    expect(await second.outcome).toMatchObject({ kind: 'finished', result: { seconds: 1234 } });
    expect((await chainOf(lab, input)).attempts).toHaveLength(1);
  });

  test('cancelled, it takes the chain, so that the other one ends', async () => {
    const { lab, input, renew, come } = await cutOffElsewhere();
    await renew();
    const second = come();
    await renewing(renew, parked(second));
    second.env.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
    expect(await second.outcome).toEqual({ kind: 'stopped', checkpoint: null });
    const { attempts } = await chainOf(lab, input);
    expect(attempts.map(({ host, ended }) => [host, ended?.how])).toEqual([
      ['a', undefined],
      ['b', 'stopped'],
    ]);
  });

  test('leaves the chain to the other one when its own host goes, or is cut off as well', async () => {
    const { lab, input, renew, come } = await cutOffElsewhere();
    await renew();
    const taken = come();
    await renewing(renew, parked(taken));
    taken.env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    expect(await renewing(renew, failure(taken.outcome))).toMatchObject({ type: 'Preempted' });
    const cut = come();
    await renewing(renew, parked(cut));
    cut.env.cancel('TIMED_OUT', new ActivityCancellationDetails({ timedOut: true }));
    await expect(cut.outcome).rejects.toBeInstanceOf(CancelledFailure);
    expect((await chainOf(lab, input)).attempts).toHaveLength(1);
  });
});
