import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { refusesConnections } from '../../src/cli/refused.js';
import { freePorts } from '../../src/processes/free-port.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const BIN = fileURLToPath(new URL('../../bin/dream-sft.mjs', import.meta.url));

async function listen(): Promise<{ server: Server; port: number }> {
  const [port] = await freePorts(1);
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port: port! };
}

test('a closed port refuses; an open one does not, although nobody there says a word', async () => {
  const { port } = await listen();
  expect(await refusesConnections(`127.0.0.1:${port}`)).toBe(false);
  const [closed] = await freePorts(1);
  expect(await refusesConnections(`127.0.0.1:${closed}`)).toBe(true);
  expect(await refusesConnections(`localhost:${closed}`)).toBe(true);
});

test.each([
  'no-such-host.invalid:7233',
  'dns:///localhost:1',
  '127.0.0.1',
  '127.0.0.1:99999',
  '[::1',
])('%s is left to the real connection to judge', async (address) => {
  expect(await refusesConnections(address)).toBe(false);
});

/** Every command that asks the server, against nobody and against somebody who is no Temporal. */
test('a command without a server says how to start one, exit 3', async () => {
  const [port] = await freePorts(1);
  const attempts: number[] = [];
  const ask = (address: string) =>
    execa(process.execPath, [BIN, 'status', 'some-plan'], {
      reject: false,
      env: { DREAM_SFT_HOME: temporaryFolder(), TEMPORAL_ADDRESS: address },
    });
  const refused = await ask(`127.0.0.1:${port}`);
  const { server, port: silent } = await listen();
  server.on('connection', (socket) => {
    attempts.push(Date.now());
    socket.on('error', () => undefined);
  });
  const unanswered = await ask(`127.0.0.1:${silent}`);
  for (const [ended, at] of [
    [refused, port],
    [unanswered, silent],
  ] as const) {
    expect(ended.exitCode).toBe(3);
    expect(ended.stderr.split('\n')).toEqual([
      `No Temporal server answers at 127.0.0.1:${at}.`,
      'Start one with `dream-sft up`, or name another with TEMPORAL_ADDRESS.',
    ]);
  }
  // The probe, and then the connection itself: a server that only is slow gets its whole time.
  expect(attempts.length).toBeGreaterThan(1);
});
