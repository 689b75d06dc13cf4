import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readProgress, readState } from '../../src/cli/plan-handle.js';
import { startPlan } from '../../src/cli/start-plan.js';
import type { StageProgress } from '../../src/contracts/progress.js';
import { signalGroup } from '../../src/processes/identity.js';
import { startWorkerProcess } from '../../src/processes/worker-process.js';
import { readHostRecord } from '../../src/store/host-records.js';
import { CuttableProxy } from '../helpers/cuttable-proxy.js';
import { eventually } from '../helpers/deadline.js';
import { hostPid, startHost } from '../helpers/hosts.js';
import { smallPlan } from '../helpers/plans.js';
import { chainOf } from '../helpers/results.js';
import { System } from '../helpers/system.js';
import { midway, type Running } from '../helpers/watching.js';

/** The end of the training is no part of these tests: it is far away, whatever the machine. */
const ENDLESS = [
  'training.steps=100000',
  'checkpoints.everySteps=20',
  'evaluation.suites.0.questions=8',
  // Or the gate would wait for somebody who approves of so long a training.
  'hosts.pricePerHourCny=0',
];
const TIMEOUT_MS = 5000;

// A plan's way to its training takes minutes on a busy machine.
vi.setConfig({ testTimeout: 600_000 });

let system: System;
beforeEach(async () => {
  system = await System.start();
});
afterEach(() => system.close());

const chain = async (id: string) => (await chainOf(system.store, id, 'full-train'))!.chain;

/** What comes before it takes its time on a busy machine, and is not looked at here. */
async function training(id: string): Promise<Running> {
  const trains = async (): Promise<boolean> => {
    const state = await readState(system.client, id).catch(() => null);
    return state?.current?.stage === 'full-train';
  };
  await eventually('the training has begun', trains, 240_000);
  return midway(system, id, 'full-train');
}

/** The first heartbeat after something for which this is true. */
function progress(
  id: string,
  what: string,
  is: (seen: StageProgress) => boolean,
): Promise<StageProgress> {
  return eventually(what, async () => {
    const seen = await readProgress(system.client, id).catch(() => null);
    return seen && is(seen) ? seen : null;
  });
}

/** Every step that was made, in the order of its making. */
async function stepsMade(id: string): Promise<number[]> {
  const text = await readFile(join(system.home, 'runs', id, 'full-train', 'metrics.jsonl'), 'utf8');
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { step: number }).step);
}

async function expectEachStepOnce(id: string): Promise<void> {
  const made = await stepsMade(id);
  expect(made).toEqual(made.map((_, index) => index + 1));
}

const AWAY: readonly { name: string; strike: () => Promise<() => Promise<void>> }[] = [
  {
    name: 'stopped',
    strike: async () => {
      const stopped = system.controlSide;
      for (const pid of stopped) process.kill(pid, 'SIGSTOP');
      return async () => stopped.forEach((pid) => process.kill(pid, 'SIGCONT'));
    },
  },
  { name: 'killed and started again', strike: () => system.killControlSide() },
];

describe('server and control worker away for three heartbeat timeouts', () => {
  test.each(AWAY)('$name: the same trainer goes on, no step lost or repeated', async (away) => {
    const id = 'control-side-away';
    await startPlan(system.client, await smallPlan(id, ENDLESS));
    const before = await training(id);
    const mendIt = await away.strike();
    await sleep(3 * TIMEOUT_MS);
    const during = (await stepsMade(id)).at(-1)!;
    await mendIt();
    const after = await progress(
      id,
      'another attempt has the trainer',
      ({ attempt, token, done }) =>
        attempt > 1 && token !== null && token !== before.progress.token && done > during,
    );
    expect(after).toMatchObject({ host: before.progress.host, trainerPid: before.trainerPid });
    const told = await eventually('the post-mortem stands', async () => {
      const { postMortems } = await chain(id);
      return postMortems.length > 0 ? postMortems : null;
    });
    expect(told.map(({ kind, stepsLost }) => [kind, stepsLost])).toEqual([['connection-lost', 0]]);
    const { attempts, refused } = await chain(id);
    expect(attempts.map(({ host }) => host)).toEqual(attempts.map(() => before.progress.host));
    expect(refused).toEqual([]);
    await expectEachStepOnce(id);
  });
});

test('a host cut from the server alone goes on; another waits for it, then takes over', async () => {
  const id = 'host-cut-off';
  const proxy = await CuttableProxy.to(system.config.connection.address);
  try {
    const connection = { ...system.config.connection, address: proxy.address };
    const args = ['gpu', '--gpu-class', 'local', '--host', 'first'];
    await startWorkerProcess({ ...system.config, connection }, args, 'gpu-first');
    await hostPid(system, 'first');
    await startPlan(system.client, await smallPlan(id, [...ENDLESS, 'hosts.provider=manual']));
    const first = await training(id);
    proxy.cut();
    await startHost(system, 'second');
    const waits = await progress(id, 'the second waits', ({ phase }) => phase === 'parked');
    expect(waits).toMatchObject({ host: 'second', trainerPid: null, waitsFor: { host: 'first' } });
    const { length } = (await chain(id)).published;
    await eventually(
      'the first publishes on',
      async () => (await chain(id)).published.length > length + 1,
    );
    await expectTakeOver(id, first);
  } finally {
    proxy.close();
  }
});

async function expectTakeOver(id: string, { workerPid, trainerPid }: Running): Promise<void> {
  process.kill(workerPid, 'SIGSTOP');
  signalGroup(trainerPid, 'SIGSTOP');
  await progress(
    id,
    'the second trains',
    ({ host, publishedStep, phase }) =>
      host === 'second' && phase === 'running' && publishedStep !== null,
  );
  const lastRenewal = Date.parse((await readHostRecord(system.store, 'first'))!.renewedAt);
  signalGroup(trainerPid, 'SIGCONT');
  process.kill(workerPid, 'SIGCONT');
  await eventually('the first has ended its trainer', () => !isThere(trainerPid));
  const { attempts, published, postMortems } = await chain(id);
  expect(attempts.map(({ host }) => host)).toEqual(['first', 'second']);
  const [zombie, living] = attempts;
  expect(Date.parse(living!.at) - lastRenewal).toBeGreaterThanOrEqual(TIMEOUT_MS);
  const late = published.filter(({ token, seq }) => token === zombie!.token && seq > living!.token);
  expect(late).toEqual([]);
  expect(postMortems.map(({ kind, lostToken }) => [kind, lostToken])).toEqual([
    ['host-lost', zombie!.token],
  ]);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
