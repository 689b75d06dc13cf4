import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { type GuardOptions, guarded } from '../../src/processes/guarded.js';
import {
  isAlive,
  type ProcessIdentity,
  processIdentity,
  readIdentity,
} from '../../src/processes/identity.js';
import { holdLifetime } from '../../src/processes/lifetime.js';
import { endRecorded } from '../../src/processes/recorded.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const HOLDER = fileURLToPath(new URL('./support/holder.mjs', import.meta.url));
const OWNER = fileURLToPath(new URL('./support/owner.mjs', import.meta.url));

/** Starts `sh` scripts under a guard; the first line they print is a list of pids. */
async function startGuarded(socket: string, script: string, options: GuardOptions = {}) {
  const [command, args] = guarded(socket, 'sh', ['-c', script], options);
  const guard = execa(command, args, { reject: false, detached: true, stdin: 'ignore' });
  const pids = await new Promise<number[]>((resolve) =>
    guard.stdout.once('data', (data) => resolve(String(data).trim().split(' ').map(Number))),
  );
  return { guard, identities: await identitiesOf(pids) };
}

async function identitiesOf(pids: readonly number[]): Promise<ProcessIdentity[]> {
  const found = await Promise.all(pids.map(processIdentity));
  return found.map((identity) => {
    expect(identity).not.toBeNull();
    return identity!;
  });
}

const nobodyLives = async (identities: readonly ProcessIdentity[]): Promise<boolean> =>
  !(await Promise.all(identities.map(isAlive))).some(Boolean);

test('kill -9 of the owner: command, its child and the guards are gone', async () => {
  const owner = execa(process.execPath, [OWNER], { reject: false, detached: true });
  const line = await new Promise<string>((resolve) =>
    owner.stdout.once('data', (data) => resolve(String(data))),
  );
  const identities = await identitiesOf(JSON.parse(line) as number[]);
  expect(identities).toHaveLength(6);
  process.kill(owner.pid!, 'SIGKILL');
  await until('no process survives', () => nobodyLives(identities));
  await owner;
});

test('a command that ignores SIGTERM is killed all the same', async () => {
  const lifetime = await holdLifetime();
  const { guard, identities } = await startGuarded(
    lifetime.socket,
    'trap "" TERM; sleep 60 & echo $$ $!; while :; do wait; done',
  );
  await lifetime.end();
  await guard;
  await until('no process survives', () => nobodyLives(identities));
});

test('the exit code of the command is that of the guard, and leftovers of its group go with it', async () => {
  const lifetime = await holdLifetime();
  onTestFinished(() => lifetime.end());
  // The command may not end before the test knows whom it started.
  const known = join(temporaryFolder(), 'known');
  const { guard, identities } = await startGuarded(
    lifetime.socket,
    `sleep 60 >/dev/null 2>&1 & echo $!; while [ ! -e '${known}' ]; do sleep 0.05; done; exit 75`,
  );
  writeFileSync(known, '');
  expect((await guard).exitCode).toBe(75);
  await until('the sleep is gone', () => nobodyLives(identities));
});

test('SIGTERM to the guard reaches the command, which may end in its own way', async () => {
  const lifetime = await holdLifetime();
  onTestFinished(() => lifetime.end());
  const { guard } = await startGuarded(
    lifetime.socket,
    'trap "exit 75" TERM; echo $$; while :; do sleep 0.05; done',
  );
  process.kill(guard.pid!, 'SIGTERM');
  expect((await guard).exitCode).toBe(75);
});

test('without anybody at the socket nothing is started', async () => {
  const mark = join(temporaryFolder(), 'started');
  const [command, args] = guarded(join(temporaryFolder(), 'nobody'), 'touch', [mark]);
  const guard = await execa(command, args, { reject: false });
  expect(guard.exitCode).toBe(3);
  expect(guard.stderr).toContain('is not started');
  expect((await execa('ls', [mark], { reject: false })).exitCode).not.toBe(0);
});

test('the file of a guard tells of the command, and who is left without a guard can be ended by it', async () => {
  const lifetime = await holdLifetime();
  onTestFinished(() => lifetime.end());
  const record = join(temporaryFolder(), 'command.json');
  const script = 'echo $$; while :; do sleep 0.05; done';
  const { guard, identities } = await startGuarded(lifetime.socket, script, { record });
  await until('the guard has written it', async () => (await readIdentity(record)) !== null);
  expect(await readIdentity(record)).toEqual(identities[0]);
  const [guardian] = await identitiesOf([guard.pid!]);
  guard.kill('SIGKILL');
  await until('the guard is gone', async () => !(await isAlive(guardian!)));
  expect(await isAlive(identities[0]!)).toBe(true);
  await endRecorded(record);
  expect(await nobodyLives(identities)).toBe(true);
  expect(existsSync(record)).toBe(false);
});

test('a file that tells of a pid which another process has by now harms nobody', async () => {
  const record = join(temporaryFolder(), 'command.json');
  writeFileSync(record, JSON.stringify({ pid: process.pid, startTime: '1 of another boot' }));
  await endRecorded(record);
  // This test would not live to see the next line.
  expect(existsSync(record)).toBe(false);
});

/** A holder in a process of its own, at the place that all holders of this home have. */
async function holderOf(home: string) {
  const holder = execa(process.execPath, [HOLDER, home], { reject: false });
  onTestFinished(() => void holder.kill('SIGKILL'));
  const socket = await new Promise<string>((resolve) =>
    holder.stdout.once('data', (data) => resolve(String(data).trim())),
  );
  return { holder, socket };
}

test('with patience a command outlives a killed holder, and ends with the one that came after', async () => {
  const home = temporaryFolder();
  const { holder, socket } = await holderOf(home);
  const script = 'trap "exit 75" TERM; echo $$; while :; do sleep 0.05; done';
  const { guard, identities } = await startGuarded(socket, script, { patienceMs: 600_000 });
  holder.kill('SIGKILL');
  await holder;
  const heir = await holdLifetime(home);
  expect(heir.socket).toBe(socket);
  await until('the guard has found it', () => heir.watchers() === 1);
  expect(await isAlive(identities[0]!)).toBe(true);
  await heir.end();
  expect((await guard).exitCode).toBe(75);
});

test('with patience that is over a command is asked to end', async () => {
  const { holder, socket } = await holderOf(temporaryFolder());
  const script = 'trap "exit 75" TERM; echo $$; while :; do sleep 0.05; done';
  const { guard } = await startGuarded(socket, script, { patienceMs: 1 });
  holder.kill('SIGKILL');
  expect((await guard).exitCode).toBe(75);
});
