import { expect, test } from 'vitest';
import { LocalStack } from '../../src/cli/local-stack.js';
import { readServerRecord } from '../../src/config/config.js';
import { freePorts } from '../../src/processes/free-port.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('a stack that has ended leaves no address behind at which nobody answers', async () => {
  const home = temporaryFolder();
  const [port, uiPort] = (await freePorts(2)) as [number, number];
  const parts = ['server'] as const;
  const stack = await LocalStack.start({ home, port, uiPort, parts, gpuClass: 'local' });
  expect(readServerRecord(home)?.address).toBe(`127.0.0.1:${port}`);
  await stack.stop();
  expect(readServerRecord(home)).toBeNull();
}, 60_000);
