import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { againAdvice } from '../../../src/cli/ended.js';
import { startPlan } from '../../../src/cli/start-plan.js';
import { loadConfig } from '../../../src/config/config.js';
import { freePorts } from '../../../src/processes/free-port.js';
import { startTemporalServer, type TemporalServer } from '../../../src/processes/server.js';
import { ensureSearchAttributes } from '../../../src/workers/search-attributes.js';
import { smallPlan } from '../../helpers/plans.js';
import { dreamSft } from '../support/run.js';

/** A server without workers: plans begin and can be ended, and nothing else happens to them. */
let home: string;
let server: TemporalServer;
let connection: Connection;
let client: Client;
const run = (...args: string[]) => dreamSft(home, args, { TEMPORAL_ADDRESS: server.address });

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'dream-sft-act-'));
  const [port, uiPort] = (await freePorts(2)) as [number, number];
  const { temporal, namespace } = loadConfig({ home });
  server = await startTemporalServer({
    ...{ home, temporal, namespace, lifetimeSocket: null, port, uiPort },
  });
  connection = await Connection.connect({ address: server.address });
  await ensureSearchAttributes(connection, namespace);
  client = new Client({ connection, namespace });
  await startPlan(client, await smallPlan('over'));
  await client.workflow.getHandle('over').terminate('a test');
}, 60_000);
afterAll(async () => {
  await connection?.close();
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});

test.each([
  ['cancel', 'over'],
  ['pause', 'over'],
  ['resume', 'over'],
  ['approve', 'over'],
  ['tick', 'over', 'watched'],
])('%s of a plan that has ended: exit 5, and how to do it again', async (...args) => {
  const { exitCode, stdout, stderr } = await run(...args);
  expect(exitCode).toBe(5);
  expect(stdout).toBe('');
  expect(stderr.split('\n')).toEqual(['over has ended (failed).', againAdvice('over', 'failed')]);
});

test('a finished plan is told of --again, another of its last checkpoint', () => {
  expect(againAdvice('p', 'finished')).toBe(
    '`dream-sft start PLAN --again` carries it out anew, `dream-sft retry p --from STAGE` from a stage on.',
  );
  expect(againAdvice('p', 'cancelled')).toContain('goes on from its last checkpoint');
});

test('a plan that nobody has started: exit 4', async () => {
  const { exitCode, stderr } = await run('cancel', 'nobody');
  expect(exitCode).toBe(4);
  expect(stderr).toContain('No plan is called nobody on this server.');
});

test('list shows each plan by its newest run; --all shows every run', async () => {
  await startPlan(client, await smallPlan('over'));
  await expect
    .poll(async () => (await run('list', '--all', '--json')).stdout.match(/"over"/g)?.length)
    .toBe(2);
  const newest = JSON.parse((await run('list', '--json')).stdout) as { status: string }[];
  expect(newest).toMatchObject([{ planId: 'over', status: 'running' }]);
  const { stdout } = await run('list');
  expect(stdout).toMatch(/over +▶ running +download +\d{4}-\d\d-\d\d \d\d:\d\d$/);
});
