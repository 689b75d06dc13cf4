import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/config.js';
import { freePorts } from '../../src/processes/free-port.js';
import { startTemporalServer } from '../../src/processes/server.js';
import { startWorkerProcess } from '../../src/processes/worker-process.js';
import { faintness, keepPulse, pulsePath } from '../../src/workers/pulse.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { eventually } from '../helpers/deadline.js';

const MAIN = fileURLToPath(new URL('../../dist/workers/main.js', import.meta.url));

test('a pulse is fresh for half a minute, and none is none', async () => {
  const path = join(temporaryFolder(), 'control.pulse');
  const at = Date.parse('2026-11-30T12:00:00.000Z');
  expect(await faintness(path, new Date(at))).toBe('No control worker has been at work here yet.');
  writeFileSync(path, new Date(at).toISOString());
  expect(await faintness(path, new Date(at + 29_999))).toBeNull();
  expect(await faintness(path, new Date(at + 45_000))).toBe(
    'The control worker was last at work 45 s ago; see its log.',
  );
  writeFileSync(path, 'torn');
  expect(await faintness(path, new Date(at))).not.toBeNull();
});

test('a look that fails writes no pulse, and ends nothing', async () => {
  const path = join(temporaryFolder(), 'run', 'control.pulse');
  const over = new AbortController();
  let looks = 0;
  const look = async (): Promise<void> => {
    looks += 1;
    over.abort();
    throw new Error('the server is away');
  };
  await keepPulse(path, look, over.signal);
  expect(looks).toBe(1);
  expect(await faintness(path, new Date())).toBe('No control worker has been at work here yet.');
});

test('the health check of docker-compose: a control worker at its server is healthy, an old pulse is not', async () => {
  const home = temporaryFolder();
  const [port, uiPort] = (await freePorts(2)) as [number, number];
  const early = loadConfig({ home, lifetimeSocket: null });
  const server = await startTemporalServer({ ...early, port, uiPort });
  onTestFinished(() => server.stop());
  const config = { ...early, connection: { address: server.address } };
  const worker = await startWorkerProcess(config, ['control'], 'control');
  onTestFinished(() => worker.kill('SIGKILL'));
  const path = pulsePath(home);
  await eventually('it has a pulse', async () => (await faintness(path, new Date())) === null);
  const health = () =>
    execa(process.execPath, [MAIN, 'health'], { reject: false, env: { DREAM_SFT_HOME: home } });
  expect((await health()).exitCode).toBe(0);
  worker.kill('SIGKILL');
  await worker.exited;
  const last = Date.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, new Date(last - 60_000).toISOString());
  const ended = await health();
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toMatch(/^The control worker was last at work \d+ s ago; see its log\.$/);
  expect(dirname(path)).toBe(join(home, 'run'));
});
