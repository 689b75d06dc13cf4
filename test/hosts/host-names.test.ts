import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { hostIdIn } from '../../src/hosts/host-names.js';
import { isAlive, processIdentity } from '../../src/processes/identity.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const NAMER = fileURLToPath(new URL('./support/namer.mjs', import.meta.url));

/** A process that holds the id it has taken, as a worker does. */
async function worker(home: string, hostname = 'box') {
  const child = execa(process.execPath, [NAMER, home, hostname], { reject: false });
  onTestFinished(() => void child.kill('SIGKILL'));
  const id = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data) => resolve(String(data).trim()));
    child.once('exit', () => reject(new Error('it has taken no id')));
  });
  const identity = (await processIdentity(child.pid!))!;
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await child;
    await until('it is gone', async () => !(await isAlive(identity)));
  };
  return { id, kill };
}

test('a worker that is killed and started again is the same host', async () => {
  const home = temporaryFolder();
  const first = await worker(home);
  expect(first.id).toMatch(/^box-[0-9a-f]{8}$/);
  await first.kill();
  expect((await worker(home)).id).toBe(first.id);
});

test('workers of one home at the same time are different hosts', async () => {
  const home = temporaryFolder();
  const all = await Promise.all([worker(home), worker(home), worker(home)]);
  expect(new Set(all.map(({ id }) => id)).size).toBe(3);
  const [, second] = all;
  await second.kill();
  expect((await worker(home)).id).toBe(second.id);
});

test('another machine or another home gives another id', async () => {
  const home = temporaryFolder();
  const one = await hostIdIn(home, 'box');
  // The same process twice: it lives, so it holds the first.
  expect(await hostIdIn(home, 'box')).not.toBe(one);
  const other = await worker(home, 'chest');
  expect(other.id).toMatch(/^chest-/);
  expect(await hostIdIn(temporaryFolder(), 'box')).not.toBe(one);
});
