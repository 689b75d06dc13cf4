import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { type Config, loadConfig } from '../../src/config/config.js';
import { LocalProcessProvider } from '../../src/hosts/local-process.js';
import type { LocalHostRecord } from '../../src/hosts/local-records.js';
import type { Ensured, Host } from '../../src/hosts/provider.js';
import { freePorts } from '../../src/processes/free-port.js';
import { isAlive, processIdentity, readIdentity } from '../../src/processes/identity.js';
import { holdLifetime } from '../../src/processes/lifetime.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** Real GPU workers: with no server to be found they wait for one, which is all a host must do here. */
async function setUp(): Promise<{ config: Config; provider: LocalProcessProvider }> {
  const [port] = await freePorts(1);
  const config = loadConfig({
    home: temporaryFolder(),
    connection: { address: `127.0.0.1:${port}` },
    lifetimeSocket: null,
  });
  const provider = new LocalProcessProvider(config);
  onTestFinished(async () => {
    for (const id of hostIds(config)) await provider.release(id);
  });
  return { config, provider };
}

const request = (key: string) => ({ gpuClass: 'local', key, planId: 'plan' });

function hostIds(config: Config): string[] {
  const folder = join(config.home, 'hosts');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'host.json')));
}

function recordOf(config: Config, id: string): LocalHostRecord {
  const path = join(config.home, 'hosts', id, 'host.json');
  return JSON.parse(readFileSync(path, 'utf8')) as LocalHostRecord;
}

function hostOf(ensured: Ensured): Host {
  if (ensured.kind !== 'host') throw new Error('a person was asked');
  return ensured.host;
}

test('a host is recorded before ensure returns: pid, start time, key, class; and it lives', async () => {
  const { config, provider } = await setUp();
  const ensured = await provider.ensure(request('stage-0'));
  expect(ensured).toMatchObject({ kind: 'host', started: true, host: { alive: true } });
  const record = recordOf(config, hostOf(ensured).id);
  expect(record).toMatchObject({ key: 'stage-0', gpuClass: 'local', planId: 'plan' });
  expect(await isAlive(record.process)).toBe(true);
});

test('five calls at once with one key start one host', async () => {
  const { config, provider } = await setUp();
  const other = new LocalProcessProvider(config);
  const ensured = await Promise.all(
    [provider, other, provider, other, provider].map((one) => one.ensure(request('stage-0'))),
  );
  expect(new Set(ensured.map((one) => hostOf(one).id)).size).toBe(1);
  expect(ensured.filter((one) => one.kind === 'host' && one.started)).toHaveLength(1);
  expect(hostIds(config)).toHaveLength(1);
});

test('a new provider, as after a restart of the control worker, finds the host of the key', async () => {
  const { config, provider } = await setUp();
  const first = hostOf(await provider.ensure(request('stage-0')));
  const again = await new LocalProcessProvider(config).ensure(request('stage-0'));
  expect(again).toMatchObject({ started: false, host: { id: first.id, alive: true } });
});

test('a killed host is listed as dead; its key never starts another, the next key does', async () => {
  const { config, provider } = await setUp();
  const { id } = hostOf(await provider.ensure(request('stage-0')));
  const { process: identity } = recordOf(config, id);
  process.kill(identity.pid, 'SIGKILL');
  await until('it is dead', async () => !(await isAlive(identity)));
  expect(await provider.list('local')).toMatchObject([{ id, alive: false }]);
  expect(await provider.ensure(request('stage-0'))).toMatchObject({
    started: false,
    host: { id, alive: false },
  });
  const next = hostOf(await provider.ensure(request('stage-1')));
  expect(next.id).not.toBe(id);
  expect(next.alive).toBe(true);
});

test('a new host clears away what dead ones had restored and staged, and nothing of living ones', async () => {
  const { config, provider } = await setUp();
  const [dead, living] = [
    hostOf(await provider.ensure(request('stage-0'))).id,
    hostOf(await provider.ensure(request('stage-1'))).id,
  ];
  const weightsOf = (id: string) =>
    ['work/key/1/restore/step-9', 'inputs/base', 'cache'].map((folder) => {
      mkdirSync(join(config.home, 'hosts', id, folder), { recursive: true });
      const path = join(config.home, 'hosts', id, folder, 'weights');
      writeFileSync(path, 'large');
      return path;
    });
  const [gone, kept] = [weightsOf(dead), weightsOf(living)];
  await provider.release(dead);
  await provider.ensure(request('stage-2'));
  expect(gone.filter(existsSync)).toEqual([]);
  expect(kept.filter((path) => !existsSync(path))).toEqual([]);
  expect(recordOf(config, dead).id).toBe(dead);
});

test('what a power cut has torn is no host, and its key starts another', async () => {
  const { config, provider } = await setUp();
  const { id } = hostOf(await provider.ensure(request('stage-0')));
  await provider.release(id);
  // Both were written and not yet on the disk; their holder is as dead as they are.
  writeFileSync(join(config.home, 'hosts', id, 'host.json'), '');
  const claims = join(config.home, 'hosts', 'claims');
  for (const name of readdirSync(claims)) writeFileSync(join(claims, name), '');
  expect(await provider.list('local')).toEqual([]);
  const again = await provider.ensure(request('stage-0'));
  expect(again).toMatchObject({ started: true, host: { alive: true } });
});

test('a worker whose guard was killed is still the host: nobody starts a second, and it can be ended', async () => {
  const { config } = await setUp();
  const lifetime = await holdLifetime();
  onTestFinished(() => lifetime.end());
  const provider = new LocalProcessProvider({ ...config, lifetimeSocket: lifetime.socket });
  const { id } = hostOf(await provider.ensure(request('stage-0')));
  const guard = recordOf(config, id).process;
  const worker = await until('the guard has told of its worker', () =>
    readIdentity(join(config.home, 'hosts', id, 'worker.json')),
  );
  process.kill(guard.pid, 'SIGKILL');
  await until('the guard is gone', async () => !(await isAlive(guard)));
  expect(await new LocalProcessProvider(config).list('local')).toMatchObject([{ id, alive: true }]);
  await provider.release(id);
  expect(await isAlive(worker)).toBe(false);
  expect(await provider.list('local')).toMatchObject([{ id, alive: false }]);
});

test('hosts of another address or of other code are ended before they are counted on, others stay', async () => {
  const { config, provider } = await setUp();
  const ids: string[] = [];
  for (const key of ['a', 'b', 'c']) ids.push(hostOf(await provider.ensure(request(key))).id);
  const [elsewhere, old] = ids as [string, string, string];
  const change = (id: string, changes: Partial<LocalHostRecord>) =>
    writeFileSync(
      join(config.home, 'hosts', id, 'host.json'),
      JSON.stringify({ ...recordOf(config, id), ...changes }),
    );
  change(elsewhere, { address: '127.0.0.1:1' });
  change(old, { codeDigest: 'of yesterday' });
  await provider.endStrangers();
  expect((await provider.list('local')).map(({ alive }) => alive)).toEqual([false, false, true]);
});

test('a pid that another process has taken is not the host', async () => {
  const { config, provider } = await setUp();
  const { id } = hostOf(await provider.ensure(request('stage-0')));
  const record = recordOf(config, id);
  await provider.release(id);
  const taken = { ...record, process: { pid: process.pid, startTime: 'another' } };
  writeFileSync(join(config.home, 'hosts', id, 'host.json'), JSON.stringify(taken));
  expect(await provider.list('local')).toMatchObject([{ id, alive: false }]);
  // Nor is it signalled: this test would not live to see the next line.
  await provider.release(id);
  expect(await provider.list('other-class')).toEqual([]);
});

test('release ends the host and everything in its group; unknown ids are no error', async () => {
  const { config, provider } = await setUp();
  const { id } = hostOf(await provider.ensure(request('stage-0')));
  await provider.release(id);
  expect(await isAlive(recordOf(config, id).process)).toBe(false);
  await provider.release('nobody');
});

test('a claim whose holder died before it started anything does not block the key', async () => {
  const { config, provider } = await setUp();
  const claims = join(config.home, 'hosts', 'claims');
  mkdirSync(claims, { recursive: true });
  const name = createHash('sha256').update('stage-0').digest('hex');
  const holder = { pid: process.pid, startTime: 'of a process long gone' };
  writeFileSync(join(claims, name), JSON.stringify(holder));
  const ensured = await Promise.all([1, 2, 3].map(() => provider.ensure(request('stage-0'))));
  expect(new Set(ensured.map((one) => hostOf(one).id)).size).toBe(1);
  expect(hostIds(config)).toHaveLength(1);
});

test('kill -9 of the provider’s process leaves no host behind when there is a lifetime', async () => {
  const starter = fileURLToPath(new URL('./support/starter.mjs', import.meta.url));
  const home = temporaryFolder();
  const owner = execa(process.execPath, [starter], {
    reject: false,
    env: { DREAM_SFT_HOME: home, TEMPORAL_ADDRESS: `127.0.0.1:${(await freePorts(1))[0]}` },
  });
  const id = await new Promise<string>((resolve) =>
    owner.stdout.once('data', (data) => resolve(String(data).trim())),
  );
  const record = recordOf(loadConfig({ home }), id);
  expect(await isAlive(record.process)).toBe(true);
  const worker = await until('the guard has started the worker', async () => {
    const children = await execa('pgrep', ['-P', String(record.process.pid)], { reject: false });
    return children.exitCode === 0 && processIdentity(Number(children.stdout));
  });
  owner.kill('SIGKILL');
  await owner;
  for (const identity of [record.process, worker]) {
    await until('guard and worker are gone', async () => !(await isAlive(identity)));
  }
});

test('without Python no host is started: a person is told what to run, and then it is', async () => {
  const { config, provider } = await setUp();
  const missing = new LocalProcessProvider({ ...config, python: '/nonexistent/python' });
  expect(await missing.ensure(request('stage-0'))).toEqual({
    kind: 'person',
    where: config.hostname,
    command: 'npm run setup (Python /nonexistent/python cannot be run)',
  });
  expect(hostIds(config)).toEqual([]);
  expect(await provider.ensure(request('stage-0'))).toMatchObject({ kind: 'host', started: true });
});

test('a host that lives but gives no sign of life is not counted on, and ends before its successor starts', async () => {
  const { config } = await setUp();
  let clock = 0;
  // No server answers here: its worker never tells of itself, as one that hangs in its start.
  const provider = new LocalProcessProvider(config, undefined, () => clock);
  const hung = hostOf(await provider.ensure(request('stage-0')));
  const { process: identity } = recordOf(config, hung.id);
  const aliveNow = async (): Promise<boolean> => (await provider.list('local'))[0]!.alive;
  for (; clock < 120_000; clock += 5000) expect(await aliveNow()).toBe(true);
  expect(await aliveNow()).toBe(false);
  expect(await isAlive(identity)).toBe(true);
  const next = await provider.ensure(request('stage-1'));
  expect(next).toMatchObject({ kind: 'host', started: true, host: { alive: true } });
  expect(await isAlive(identity)).toBe(false);
});
