import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { LocalStack, type StackOptions } from '../../src/cli/local-stack.js';
import { readServerRecord } from '../../src/config/config.js';
import { freePorts } from '../../src/processes/free-port.js';
import { isAlive, readIdentity } from '../../src/processes/identity.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

async function options(): Promise<StackOptions> {
  const [port, uiPort] = (await freePorts(2)) as [number, number];
  return { home: temporaryFolder(), port, uiPort, parts: ['server'], gpuClass: 'local' };
}

test('a stack that has ended leaves no address behind at which nobody answers', async () => {
  const given = await options();
  const stack = await LocalStack.start(given);
  expect(readServerRecord(given.home)?.address).toBe(`127.0.0.1:${given.port}`);
  await stack.stop();
  expect(readServerRecord(given.home)).toBeNull();
}, 60_000);

test('a home has one of each part; a killed server is started again on its address and file', async () => {
  const given = await options();
  const stack = await LocalStack.start(given);
  onTestFinished(() => stack.stop());
  const second = LocalStack.start({ ...given, ...(await options()), home: given.home });
  await expect(second).rejects.toMatchObject({
    exitCode: 5,
    message: `Another dream-sft (pid ${process.pid}) runs the server part of ${given.home} already.`,
  });

  // The guard goes, and leaves the server itself behind, which still has port and file.
  const server = (await readIdentity(join(given.home, 'run', 'server.json')))!;
  process.kill(stack.server!.pid, 'SIGKILL');
  expect(await stack.death()).toBe('server');
  expect(await isAlive(server)).toBe(true);
  await stack.revive('server');
  expect(await isAlive(server)).toBe(false);
  const connection = await Connection.connect({ address: stack.server!.address });
  await connection.close();
  expect(stack.server!.address).toBe(`127.0.0.1:${given.port}`);
  const revived = await until('the new guard has told', () =>
    readIdentity(join(given.home, 'run', 'server.json')),
  );
  expect(revived.pid).not.toBe(server.pid);
  expect(existsSync(join(given.home, 'temporal.db'))).toBe(true);
}, 60_000);
