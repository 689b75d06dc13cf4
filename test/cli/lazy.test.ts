import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.js';
import { freePorts } from '../../src/processes/free-port.js';
import { startTemporalServer, type TemporalServer } from '../../src/processes/server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIN = join(ROOT, 'bin', 'dream-sft.mjs');
const HEAVY = /node_modules\/(@temporalio\/(worker|core-bridge|workflow|testing)|webpack|@swc)\//;

/** What a Node process and its children loaded, from the engine's own account of every script. */
async function run(args: readonly string[], home: string) {
  const folder = temporaryFolder();
  const coverage = join(folder, 'coverage');
  mkdirSync(coverage);
  const marker = join(folder, 'python-ran');
  const python = join(folder, 'python');
  writeFileSync(python, `#!/bin/sh\ntouch '${marker}'\n`);
  chmodSync(python, 0o755);
  const ended = await execa(process.execPath, args, {
    cwd: ROOT,
    reject: false,
    env: { NODE_V8_COVERAGE: coverage, DREAM_SFT_HOME: home, DREAM_SFT_PYTHON: python },
  });
  const scripts = readdirSync(coverage).flatMap((name) => {
    const text = readFileSync(join(coverage, name), 'utf8');
    return (JSON.parse(text) as { result: { url: string }[] }).result.map(({ url }) => url);
  });
  return { ended, scripts, pythonRan: existsSync(marker) };
}

let home: string;
let server: TemporalServer;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'dream-sft-lazy-'));
  const [port, uiPort] = await freePorts(2);
  const { temporal, namespace } = loadConfig({ home });
  server = await startTemporalServer({
    ...{ home, temporal, namespace, lifetimeSocket: null },
    ...{ port: port!, uiPort: uiPort! },
  });
}, 60_000);
afterAll(async () => {
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});

test.each([
  { args: ['--help'], exit: 0, client: false },
  { args: ['status'], exit: 0, client: true },
  { args: ['status', 'no-such-plan'], exit: 4, client: true },
])('dream-sft $args loads no worker, no webpack and no torch', async ({ args, exit, client }) => {
  const { ended, scripts, pythonRan } = await run([BIN, ...args], home);
  expect(ended.exitCode).toBe(exit);
  expect(scripts.filter((url) => HEAVY.test(url))).toEqual([]);
  // torch is only in Python.
  expect(pythonRan).toBe(false);
  expect(scripts.some((url) => url.includes('/dist/cli/main.js'))).toBe(true);
  expect(scripts.some((url) => url.includes('@temporalio/client/'))).toBe(client);
});

test('the same account does name a worker where one is loaded', async () => {
  const load = "await import('@temporalio/worker')";
  const { ended, scripts } = await run(['--input-type=module', '-e', load], home);
  expect(ended.stderr).toBe('');
  expect(scripts.filter((url) => HEAVY.test(url))).not.toEqual([]);
});
