import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import {
  isAlive,
  processIdentity,
  readIdentity,
  signalGroup,
} from '../../src/processes/identity.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

test('this process is alive under its own identity', async () => {
  const me = await processIdentity(process.pid);
  expect(me).not.toBeNull();
  expect(await isAlive(me!)).toBe(true);
});

test('another process with the same pid is another one', async () => {
  const me = await processIdentity(process.pid);
  expect(await isAlive({ pid: process.pid, startTime: `${me!.startTime}0` })).toBe(false);
});

test.runIf(process.platform === 'linux')(
  'a process that had the pid at the same tick before a reboot is another one',
  async () => {
    const me = await processIdentity(process.pid);
    const [ticks] = me!.startTime.split(' of ');
    expect(ticks).toMatch(/^\d+$/);
    expect(await isAlive({ pid: process.pid, startTime: `${ticks} of another boot` })).toBe(false);
  },
);

test.each(['', '{"pid": 1', '{"pid": 1}', 'null', '7'])(
  'a record that says %j tells of no process',
  async (text) => {
    const path = join(temporaryFolder(), 'record.json');
    writeFileSync(path, text);
    expect(await readIdentity(path)).toBeNull();
    expect(await readIdentity(`${path}.missing`)).toBeNull();
  },
);

test('a process that nobody has reaped yet counts as dead', async () => {
  // The parent never waits for its child, so that it stays in the process table.
  const program =
    'import os, time; p = os.fork(); p or os._exit(0); print(p, flush=True); time.sleep(60)';
  const parent = execa('python3', ['-c', program], { reject: false });
  const pid = Number(
    await new Promise<string>((resolve) =>
      parent.stdout.once('data', (data) => resolve(String(data))),
    ),
  );
  await until('the child is a zombie', async () => (await processIdentity(pid)) === null);
  // It is still in the process table: signal 0 reaches it.
  expect(process.kill(pid, 0)).toBe(true);
  parent.kill('SIGKILL');
  await parent;
});

test('a signal to a group that is gone is no error', async () => {
  const child = execa('true', { detached: true });
  await child;
  expect(() => signalGroup(child.pid!, 'SIGTERM')).not.toThrow();
});
