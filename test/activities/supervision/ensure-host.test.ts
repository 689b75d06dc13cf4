import { expect, test } from 'vitest';
import { ensureHost } from '../../../src/activities/supervision/ensure-host.js';
import type { PendingActivity } from '../../../src/activities/supervision/pending-activity.js';
import { WorkChains } from '../../../src/activities/supervision/work-chains.js';
import type { SuperviseInput } from '../../../src/contracts/activities.js';
import type { Ensured, EnsureRequest, Host, HostProvider } from '../../../src/hosts/provider.js';
import { openStore } from '../../../src/store/open-store.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const START = Date.parse('2026-11-24T10:00:00.000Z');
const KEY = 'a'.repeat(64);
const input = {
  planId: 'p',
  stageKey: KEY,
  hosts: { gpuClass: 'c' },
} as unknown as SuperviseInput;
const scheduled = (seconds: number): PendingActivity => ({
  state: 'scheduled',
  attempt: 1,
  scheduledAt: START + seconds * 1000,
  lastHeartbeatAt: null,
  progress: null,
});

/** Hosts that live as long as the test says. */
class Scripted implements HostProvider {
  readonly name = 'local-process';
  readonly asked: EnsureRequest[] = [];
  hosts: Host[] = [];
  constructor(
    readonly knowsLiveness: boolean,
    private readonly answer: Ensured | null = null,
  ) {}

  async ensure(request: EnsureRequest): Promise<Ensured> {
    this.asked.push(request);
    if (this.answer) return this.answer;
    const host = {
      id: `h${this.asked.length}`,
      gpuClass: request.gpuClass,
      planId: request.planId,
      key: request.key,
      alive: true,
      startedAt: new Date(START).toISOString(),
      tenure: null,
    };
    this.hosts.push(host);
    return { kind: 'host', host, started: true };
  }

  kill(): void {
    this.hosts = this.hosts.map((host) => ({ ...host, alive: false }));
  }

  async release(): Promise<void> {}
  list(): Promise<readonly Host[]> {
    return Promise.resolve(this.hosts);
  }
}

async function world(provider: Scripted) {
  let now = START;
  const store = await openStore({ kind: 'local' }, temporaryFolder());
  const chains = new WorkChains(store, KEY, [KEY], { now: () => new Date(now) });
  const [chain] = chains.works;
  const look = (seconds: number, pending: PendingActivity | null = scheduled(0)) => {
    now = START + seconds * 1000;
    return ensureHost(provider, chains, input, pending, now);
  };
  return { chain: chain!, look };
}

test('a dead host is replaced at once, each start journalled under a key of its own', async () => {
  const provider = new Scripted(true);
  const { chain, look } = await world(provider);
  expect(await look(0)).toEqual({ host: 'h1', waitingFor: null });
  expect(await look(1)).toEqual({ host: 'h1', waitingFor: null });
  provider.kill();
  expect(await look(2)).toEqual({ host: 'h2', waitingFor: null });
  expect(provider.asked.map(({ key }) => key)).toEqual([`${KEY}#0`, `${KEY}#1`]);
  expect((await chain.fold()).boots.map(({ host }) => host)).toEqual(['h1', 'h2']);
});

test('hosts that end at once are not started for ever: the log to look into is named', async () => {
  const provider = new Scripted(true);
  const { chain, look } = await world(provider);
  const seen = [];
  for (let second = 0; second < 60; second += 1) {
    seen.push(await look(second));
    provider.kill();
  }
  expect(provider.asked).toHaveLength(3);
  const waitingFor = 'hosts of class c end at once; look into logs/gpu-h3.out';
  expect(new Set(seen.slice(3).map((news) => news.waitingFor))).toEqual(new Set([waitingFor]));
  expect((await chain.fold()).boots).toHaveLength(3);
  expect(await look(62)).toEqual({ host: 'h4', waitingFor: null });
});

test('once the work is taken up a dead host is replaced at once again', async () => {
  const provider = new Scripted(true);
  const { chain, look } = await world(provider);
  for (const second of [0, 1, 2]) {
    await look(second);
    if (second < 2) provider.kill();
  }
  const who = { planId: 'p', stage: 'full-train', host: 'h3', boot: 'b', attempt: 1 } as const;
  await chain.acquire(who);
  provider.kill();
  expect(await look(3)).toEqual({ host: 'h4', waitingFor: null });
});

test('nobody is started for a stage that is over', async () => {
  const provider = new Scripted(true);
  const { look } = await world(provider);
  expect(await look(0, null)).toEqual({ host: null, waitingFor: null });
  expect(provider.asked).toEqual([]);
});

test('who has taken the work up, though the provider knows no host, keeps nobody waiting', async () => {
  const answer = { kind: 'person', where: 'box', command: 'kill 1' } as const;
  const { look } = await world(new Scripted(true, answer));
  expect(await look(0)).toEqual({ host: null, waitingFor: 'on box, run: kill 1' });
  expect(await look(1, { ...scheduled(0), state: 'started' })).toMatchObject({ waitingFor: null });
});

test('a blind provider is asked only when nobody has taken the work for a while', async () => {
  const where = { kind: 'person', where: 'a machine', command: 'run this' } as const;
  const provider = new Scripted(false, where);
  const { chain, look } = await world(provider);
  expect(await look(5)).toEqual({ host: null, waitingFor: null });
  expect(await look(6)).toEqual({ host: null, waitingFor: 'on a machine, run: run this' });
  expect(await look(60, { ...scheduled(0), state: 'started' })).toMatchObject({ waitingFor: null });
  const beating = { ...scheduled(0), lastHeartbeatAt: START + 58_000 };
  expect(await look(60, beating)).toMatchObject({ waitingFor: null });
  expect((await chain.fold()).boots).toEqual([]);
});
