import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../../src/processes/free-port.js';
import { logsOf } from '../../support/logs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const BIN = fileURLToPath(new URL('../../../bin/dream-sft.mjs', import.meta.url));

const dreamSft = (args: readonly string[], env: Record<string, string> = {}) =>
  execa(process.execPath, [BIN, ...args], {
    reject: false,
    env: { DREAM_SFT_HOME: temporaryFolder(), ...env },
  });

test('up on an occupied port: two lines, exit 71, nothing is left running', async () => {
  const [port] = await freePorts(1);
  const occupant = createServer();
  onTestFinished(() => void occupant.close());
  await new Promise<void>((resolve) => occupant.listen(port, '127.0.0.1', resolve));
  const ended = await dreamSft(['up', '--port', String(port)]);
  expect(ended.exitCode).toBe(71);
  expect(ended.stderr.split('\n')).toEqual([
    `Port ${port} is taken by another program.`,
    'Stop that one, or choose another with --port.',
  ]);
});

test('up without a Temporal CLI: two lines, exit 70', async () => {
  const [port] = await freePorts(1);
  const ended = await dreamSft(['up', '--port', String(port)], {
    DREAM_SFT_TEMPORAL: '/nonexistent/temporal',
  });
  expect(ended.exitCode).toBe(70);
  expect(ended.stderr).toContain('The Temporal CLI is not at /nonexistent/temporal.');
});

test.each([
  { args: ['up', '--only', 'server,gppu'], says: '--only does not know gppu.' },
  { args: ['up', '--port', 'seven'], says: '--port seven is no port' },
  { args: ['worker', 'gppu'], says: 'There is no worker gppu.' },
])('$args is a wrong command line: exit 2', async ({ args, says }) => {
  const ended = await dreamSft(args);
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toContain(says);
  expect(ended.stderr).not.toContain('    at ');
});

test('worker gpu without Python says what the worker said, exit 70', async () => {
  const ended = await dreamSft(['worker', 'gpu'], { DREAM_SFT_PYTHON: '/nonexistent/python' });
  expect(ended.exitCode).toBe(70);
  expect(ended.stderr).toContain('Python /nonexistent/python cannot be run.');
});

test('worker gpu without a server says that it waits, and ends at Ctrl-C: exit 3', async () => {
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const home = temporaryFolder();
  const worker = dreamSft(['worker', 'gpu'], { TEMPORAL_ADDRESS: address, DREAM_SFT_HOME: home });
  let shown = '';
  worker.stdout.on('data', (data: Buffer) => (shown += data.toString()));
  await expect.poll(() => shown).toContain(`No Temporal server answers at ${address} yet`);
  await expect.poll(() => logsOf(home)).toContain('no server yet');
  expect(shown).not.toContain('serves');
  const pid = Number(/^gpu worker (\d+);/.exec(shown)?.[1]);
  worker.kill('SIGINT');
  const ended = await worker;
  expect(ended.exitCode).toBe(3);
  expect(ended.stderr).toContain(`No Temporal server has answered at ${address}`);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
