import { cpSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startPlan } from '../../src/cli/start-plan.js';
import { readSummary } from '../../src/cli/summary-file.js';
import { serverRecordPath } from '../../src/config/config.js';
import { readRecords, type LocalHostRecord } from '../../src/hosts/local-records.js';
import { freePorts } from '../../src/processes/free-port.js';
import { isAlive, processIdentity } from '../../src/processes/identity.js';
import { smallPlan } from '../helpers/plans.js';
import { chainOf, forget } from '../helpers/results.js';
import { System, temporaryHome } from '../helpers/system.js';
import { closed, midway } from '../helpers/watching.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { Up } from './support/up.js';

const SETTINGS = ['evaluation.suites.0.questions=8', 'training.steps=120'];

/** Of a busy machine; only ends what would never end. */
const LONG_MS = 600_000;

interface Trained {
  readonly orderHash: string | undefined;
  readonly weights: string | null | undefined;
}

/** A home in which everything before full-train is done already, and what a straight run came to. */
let straight: { readonly home: string; readonly trained: Trained };

async function trainedIn(home: string, id: string): Promise<Trained> {
  const { training } = await readSummary(home, id);
  return { orderHash: training?.orderHash, weights: training?.weightsSha256 };
}

let system: System;
beforeAll(async () => {
  system = await System.start(temporaryHome());
  await startPlan(system.client, await smallPlan('straight', SETTINGS));
  expect(await closed(system, 'straight', LONG_MS)).toBe('COMPLETED');
  const trained = await trainedIn(system.home, 'straight');
  expect(trained.weights).toMatch(/^[0-9a-f]{64}$/);
  await forget(system.store, 'full-train');
  await forget(system.store, 'eval-after');
  straight = { home: system.home, trained };
}, 2 * LONG_MS);
afterAll(() => system?.close());

/** `up` on a home of its own, with a plan that trains. */
async function training(id: string): Promise<{ up: Up; port: number }> {
  const home = temporaryFolder();
  cpSync(join(straight.home, 'store'), join(home, 'store'), { recursive: true });
  const [port] = (await freePorts(1)) as [number];
  const up = await Up.start(home, port);
  await startPlan(up.client, await smallPlan(id, SETTINGS));
  await midway(up, id, 'full-train', LONG_MS);
  return { up, port };
}

const hostsOf = (home: string): Promise<LocalHostRecord[]> => readRecords(join(home, 'hosts'));

/** The plan has ended as if nothing had happened. */
async function expectAsStraight(up: Up, id: string): Promise<void> {
  expect(await closed(up, id, LONG_MS)).toBe('COMPLETED');
  expect(await trainedIn(up.home, id)).toEqual(straight.trained);
  const { chain } = (await chainOf(up.store, id, 'full-train'))!;
  expect(chain.refused).toEqual([]);
}

test(
  'kill -9 of the server, then of the control worker: up starts them again, and the host trains on',
  async () => {
    const { up } = await training('parts');
    for (const part of ['server', 'control'] as const) {
      const killed = await up.part(part);
      process.kill(killed.pid, 'SIGKILL');
      expect(await up.next(part, killed)).not.toEqual(killed);
    }
    await expectAsStraight(up, 'parts');
    const hosts = await hostsOf(up.home);
    expect(hosts).toHaveLength(1);
    expect(up.lives).toBe(true);
    expect(await up.end()).toBe(0);
  },
  2 * LONG_MS,
);

test(
  'kill -9 of up, server and workers at once: the next up takes the living host over, and starts no second',
  async () => {
    const { up, port } = await training('control-side');
    const [host] = (await hostsOf(up.home)) as [LocalHostRecord];
    await up.kill((command) => command.includes(' gpu --gpu-class '));
    expect(await isAlive(host.process)).toBe(true);
    const again = await Up.start(up.home, port);
    await expectAsStraight(again, 'control-side');
    expect(await hostsOf(up.home)).toEqual([host]);
    const { chain } = (await chainOf(again.store, 'control-side', 'full-train'))!;
    expect(new Set(chain.attempts.map((attempt) => attempt.host))).toEqual(new Set([host.id]));
    expect(await again.end()).toBe(0);
    expect(await isAlive(host.process)).toBe(false);
  },
  2 * LONG_MS,
);

test(
  'a reboot: nothing lives, files name pids that others have by now; up goes on with the plan',
  async () => {
    const { up } = await training('rebooted');
    const [host] = (await hostsOf(up.home)) as [LocalHostRecord];
    await up.kill();
    expect(await isAlive(host.process)).toBe(false);
    await makeStale(up.home, host);
    const [port] = (await freePorts(1)) as [number];
    const again = await Up.start(up.home, port);
    await expectAsStraight(again, 'rebooted');
    const [old, next] = await hostsOf(up.home);
    expect([old?.id, next?.id === host.id]).toEqual([host.id, false]);
    expect(await again.end()).toBe(0);
  },
  2 * LONG_MS,
);

/** Every file that names a process names this one, as of an earlier boot; the server's port is another's. */
async function makeStale(home: string, host: LocalHostRecord): Promise<void> {
  const me = (await processIdentity(process.pid))!;
  const reused = { pid: me.pid, startTime: me.startTime.replace(/of .*/, 'of another boot') };
  expect(reused).not.toEqual(me);
  const write = (path: string, what: object): void =>
    writeFileSync(join(home, path), JSON.stringify(what));
  write(`hosts/${host.id}/host.json`, { ...host, process: reused });
  write(`hosts/${host.id}/worker.json`, reused);
  for (const part of ['server', 'control', 'prep']) write(`run/${part}.json`, reused);
  const other = createServer();
  onTestFinished(() => void other.close());
  const port = await new Promise<number>((resolve) =>
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)),
  );
  const address = `127.0.0.1:${port}`;
  writeFileSync(serverRecordPath(home), JSON.stringify({ address, uiUrl: '', pid: me.pid }));
}
