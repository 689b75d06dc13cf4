import { execa } from 'execa';
import { expect, test } from 'vitest';
import { isAlive, processIdentity, signalGroup } from '../../src/processes/identity.js';
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

test('a process that nobody has reaped yet counts as dead', async () => {
  // The shell starts a child that ends at once, then becomes a program that never waits for it.
  const parent = execa('sh', ['-c', 'sh -c "exit 0" & echo $!; exec sleep 60'], { reject: false });
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
