import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Keeper } from '../../../src/activities/gpu/keeper.js';
import { findStaged } from '../../../src/activities/gpu/staged.js';
import type { StageDeps } from '../../../src/activities/deps.js';
import { HUNG } from '../../../src/activities/judge-exit.js';
import { stageFolders } from '../../../src/activities/trainer/folders.js';
import type { StageInput } from '../../../src/contracts/activities.js';
import { Departure } from '../../../src/notices/departure.js';
import { Chain } from '../../../src/store/chain.js';
import { Ledger } from '../../../src/store/ledger.js';
import { freeze } from '../../support/freeze.js';
import { until } from '../../support/until.js';
import { attempt, type Attempt, chainOf, failure, openLab, stageOf } from '../support/lab.js';

const TRAINING = { steps: 6, at: 3, end: 'hold', checkpointEvery: 2 };
const TERMS = { capFen: 1000, reserveFen: 0, pricePerHourFen: 100 };

/** A host whose training stands at step 3, with step 2 published, until it may go on. */
async function midway(changes: Partial<StageDeps> = {}, own: Partial<StageInput> = {}) {
  const departure = new Departure();
  const keeper = new Keeper(departure);
  const lab = await openLab({ keeper, departure, ...changes });
  onTestFinished(() => lab.close());
  const script = [TRAINING, { steps: 6 }];
  const input = { ...(await stageOf(lab, 'full-train', script)), ...own };
  const ledger = new Ledger(lab.store, input.planId);
  await ledger.open(TERMS);
  const first = attempt(lab.deps, input);
  const { trainerPid } = await first.until(
    ({ done, publishedStep }) => done === 3 && publishedStep === 2,
  );
  const runDir = join(lab.home, 'runs', 'p', 'full-train');
  const goOn = (): Promise<void> => writeFile(join(runDir, 'go'), '');
  const trainers = async (): Promise<string> => readFile(join(runDir, 'processes'), 'utf8');
  const staged = async (): Promise<number[]> =>
    (await findStaged(stageFolders(lab.deps, input).work)).map(({ step }) => step);
  return { lab, input, first, keeper, departure, ledger, trainerPid, goOn, trainers, staged };
}

/** What core does some ten seconds after the link is cut; the activity has ended then. */
async function cut({ env, outcome }: Attempt): Promise<void> {
  env.cancel('TIMED_OUT', new ActivityCancellationDetails({ timedOut: true }));
  await expect(outcome).rejects.toBeInstanceOf(CancelledFailure);
}

const next = (deps: StageDeps, input: StageInput, before: Attempt): Attempt =>
  attempt(deps, input, { attempt: 2, heartbeatDetails: before.beats.at(-1) });

describe('the next attempt on the same host', () => {
  test('adopts the trainer under a new token: no step is lost or done again', async () => {
    const { lab, input, first, trainerPid, goOn, trainers } = await midway();
    await cut(first);
    const second = next(lab.deps, input, first);
    const adopted = await second.until(({ token }) => token !== first.beats.at(-1)?.token);
    expect(adopted).toMatchObject({ trainerPid, done: 3, attempt: 2 });
    await goOn();
    expect(await second.outcome).toMatchObject({
      result: { metrics: { train: { stepsThisAttempt: 6 } } },
    });
    expect(await trainers()).toBe('1');
    const { attempts, published, postMortems, refused } = await chainOf(lab, input);
    expect(attempts.map(({ attempt: number, ended }) => [number, ended?.how])).toEqual([
      [1, undefined],
      [2, 'finished'],
    ]);
    // Of step 4 and 6 the older may be overtaken on its way.
    const tokens = new Map(published.map(({ step, token }) => [step, token]));
    expect([tokens.get(2), tokens.get(6)]).toEqual(attempts.map(({ token }) => token));
    expect(postMortems).toMatchObject([
      { kind: 'connection-lost', stepsLost: 0, resumedFromStep: 3, moneyLostFen: 0 },
    ]);
    expect(refused).toEqual([]);
  });

  test('hears of a cancel like any other', async () => {
    const { lab, input, first } = await midway();
    await cut(first);
    const second = next(lab.deps, input, first);
    await second.until(({ token }) => token !== first.beats.at(-1)?.token);
    second.env.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
    expect(await second.outcome).toMatchObject({ kind: 'stopped', checkpoint: { step: 3 } });
  });

  test('does not adopt a frozen trainer, but ends it and goes on from its checkpoint', async () => {
    const timing = { beatMs: 10, heartbeatShare: 0, lookMs: 10, pingMs: 200 };
    const { lab, input, first, trainerPid, trainers } = await midway({ timing });
    await cut(first);
    await freeze(trainerPid!);
    expect(await next(lab.deps, input, first).outcome).toMatchObject({
      result: { metrics: { train: { stepsThisAttempt: 4 } } },
    });
    expect(await trainers()).toBe('2');
    expect(() => process.kill(trainerPid!, 0)).toThrow();
    const { attempts, postMortems } = await chainOf(lab, input);
    expect(attempts[0]?.ended).toMatchObject({ how: 'crashed', message: HUNG });
    expect(postMortems).toMatchObject([{ kind: 'trainer-hung', stepsLost: 1, resumedFromStep: 2 }]);
  });

  test('for other work is tried again: the card is taken, and the slot must be free', async () => {
    const { lab, input, first, goOn, keeper } = await midway();
    await cut(first);
    const other = { ...input, stageKey: 'b'.repeat(64) };
    expect(await failure(attempt(lab.deps, other).outcome)).toMatchObject({
      type: 'Preempted',
      message: 'Host host-a still works on full-train of p, cut off from the server; tried again',
    });
    await goOn();
    await keeper.settled();
  });
});

describe('work that is cut off', () => {
  test('goes on alone, publishes under its token, and leaves its result', async () => {
    const { lab, input, first, goOn, keeper, trainers } = await midway();
    await cut(first);
    await goOn();
    await keeper.settled();
    const { published, attempts } = await chainOf(lab, input);
    expect(published.map(({ step }) => step)).toEqual(expect.arrayContaining([2, 6]));
    expect(attempts.map(({ ended }) => ended?.how)).toEqual(['finished']);
    expect(await next(lab.deps, input, first).outcome).toMatchObject({ kind: 'finished' });
    expect(await trainers()).toBe('1');
  });

  test('ends when its grant does: a checkpoint stays on the disk, and is not published', async () => {
    const { lab, input, first, ledger, keeper, trainerPid, staged } = await midway();
    await cut(first);
    await ledger.charge({ host: 'another', stage: 'full-train', seconds: 1, fen: TERMS.capFen });
    await keeper.settled();
    expect(() => process.kill(trainerPid!, 0)).toThrow();
    const { newest, attempts } = await chainOf(lab, input);
    expect([newest?.step, attempts[0]?.ended]).toEqual([2, null]);
    expect(await staged()).toEqual([3]);
    // Who comes back to this host goes on from there.
    expect(await next(lab.deps, input, first).outcome).toMatchObject({
      result: { metrics: { train: { stepsThisAttempt: 3 } } },
    });
  });

  test('from the store as well: ends when what was granted before is used up', async () => {
    const deadlineAt = new Date(Date.now() + 3000).toISOString();
    const { lab, input, first, keeper, trainerPid, staged } = await midway({}, { deadlineAt });
    await cut(first);
    for (const method of ['get', 'put', 'putIfAbsent', 'putFile', 'list'] as const) {
      vi.spyOn(lab.store, method).mockRejectedValue(new Error('the store is away'));
    }
    await keeper.settled();
    vi.restoreAllMocks();
    expect(() => process.kill(trainerPid!, 0)).toThrow();
    expect((await chainOf(lab, input)).newest?.step).toBe(2);
    expect((await staged()).at(-1)).toBe(3);
  });

  test('ends as soon as a newer attempt has the chain, and publishes nothing more', async () => {
    const { lab, input, first, keeper, trainerPid } = await midway();
    await cut(first);
    const chain = new Chain(lab.store, input.stageKey);
    const who = { planId: 'p', stage: 'full-train', host: 'b', boot: 'b', attempt: 2 } as const;
    const { token } = await chain.acquire(who);
    await keeper.settled();
    expect(() => process.kill(trainerPid!, 0)).toThrow();
    const { newestToken, published } = await chainOf(lab, input);
    expect([newestToken, published.map(({ step }) => step)]).toEqual([token, [2]]);
  });

  test('ends when the server says that its plan is over', async () => {
    let wanted: boolean | null = null;
    const asked = vi.fn(async () => wanted);
    const { first, keeper, trainerPid, staged } = await midway({ isWanted: asked });
    await cut(first);
    await until('the server is asked twice', () => asked.mock.calls.length > 1);
    process.kill(trainerPid!, 0);
    wanted = false;
    await keeper.settled();
    expect(() => process.kill(trainerPid!, 0)).toThrow();
    expect(await staged()).toEqual([3]);
  });

  test('leaves with its host: a last checkpoint is published in its time', async () => {
    const { lab, input, first, keeper, departure } = await midway();
    await cut(first);
    const at = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();
    departure.tell({
      kind: 'stop',
      source: 'aws',
      action: 'terminate',
      stopAt: at(120),
      seenAt: at(0),
    });
    await keeper.settled();
    const { newest, attempts } = await chainOf(lab, input);
    expect([newest?.step, attempts[0]?.ended?.how]).toEqual([3, 'preempted']);
  });
});
