import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../src/processes/free-port.js';
import { logsOf } from '../support/logs.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const MAIN = fileURLToPath(new URL('../../dist/workers/main.js', import.meta.url));

const run = (args: readonly string[], env: Record<string, string>) =>
  execa(process.execPath, [MAIN, ...args], { reject: false, env });

test.each(['gpu', 'prep'])(
  'a %s worker without Python says so in two lines, exit 70',
  async (kind) => {
    const home = join(temporaryFolder(), 'home');
    const ended = await run([kind], {
      DREAM_SFT_HOME: home,
      DREAM_SFT_PYTHON: '/nonexistent/python',
    });
    expect(ended.exitCode).toBe(70);
    expect(ended.stderr.split('\n')).toEqual([
      'Python /nonexistent/python cannot be run.',
      'Run `npm run setup`, or name another with DREAM_SFT_PYTHON.',
    ]);
    expect(existsSync(home)).toBe(false);
  },
);

test('an unknown kind gets the usage and no stack trace', async () => {
  const ended = await run(['nothing'], { DREAM_SFT_HOME: temporaryFolder() });
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toBe(
    'usage: main.js control | prep | gpu [--gpu-class NAME] [--host ID] | health',
  );
});

test.each([
  ['control', 'SIGTERM'],
  ['prep', 'SIGINT'],
  ['gpu', 'SIGTERM'],
] as const)('a %s worker that no server answers ends at %s, exit 3', async (kind, signal) => {
  const [port] = await freePorts(1);
  const home = temporaryFolder();
  const worker = run([kind], { DREAM_SFT_HOME: home, TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
  await expect.poll(() => logsOf(home)).toContain('no server yet');
  worker.kill(signal);
  const ended = await worker;
  expect(ended.exitCode).toBe(3);
  expect(ended.stderr.split('\n')).toEqual([
    `No Temporal server has answered at 127.0.0.1:${port} until the worker was ended.`,
    'Start one with `dream-sft up`, or name another with TEMPORAL_ADDRESS.',
  ]);
});

test('a signal ends a worker whose server accepts and says nothing', async () => {
  const [port] = await freePorts(1);
  const silent = createServer((socket) => void socket.on('error', () => undefined));
  onTestFinished(() => void silent.close());
  await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
  const home = temporaryFolder();
  const reached = once(silent, 'connection');
  const worker = run(['prep'], { DREAM_SFT_HOME: home, TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
  await reached;
  worker.kill('SIGTERM');
  expect((await worker).exitCode).toBe(3);
});
