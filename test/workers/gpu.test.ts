import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Config, loadConfig } from '../../src/config/config.js';
import { HostRecord } from '../../src/contracts/journal.js';
import { probeQueue } from '../../src/contracts/stages.js';
import { startMockCloud } from '../../src/mock-cloud/server.js';
import { freePorts } from '../../src/processes/free-port.js';
import { isAlive } from '../../src/processes/identity.js';
import { startTemporalServer, type TemporalServer } from '../../src/processes/server.js';
import { startWorkerProcess } from '../../src/processes/worker-process.js';
import { readHostRecords } from '../../src/store/host-records.js';
import { openStore } from '../../src/store/open-store.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

let server: TemporalServer;
let serverHome: string;

beforeAll(async () => {
  serverHome = mkdtempSync(join(tmpdir(), 'dream-sft-test-'));
  const [port, uiPort] = await freePorts(2);
  server = await startTemporalServer({
    temporal: loadConfig().temporal,
    home: serverHome,
    namespace: 'default',
    port: port!,
    uiPort: uiPort!,
    lifetimeSocket: null,
  });
}, 60_000);

afterAll(async () => {
  await server.stop();
  rmSync(serverHome, { recursive: true, force: true });
});

async function startHost(id: string, changes: Partial<Config> = {}) {
  const home = temporaryFolder();
  const config = loadConfig({
    home,
    connection: { address: server.address },
    lifetimeSocket: null,
    heartbeatThrottleMs: 100,
    ...changes,
  });
  const worker = await startWorkerProcess(config, ['gpu', '--gpu-class', 'c', '--host', id], id);
  onTestFinished(async () => {
    worker.kill('SIGKILL');
    await worker.exited;
  });
  const store = await openStore({ kind: 'local' }, home);
  const record = () => readHostRecords(store).then((all) => all.find((one) => one.id === id));
  return { worker, record, home };
}

test('the host record is renewed while the host lives and removed when it ends in order', async () => {
  const { worker, record, home } = await startHost('h1');
  const first = await until('a record', record);
  expect(first).toMatchObject({ gpuClass: 'c', stage: null, pid: worker.identity.pid });
  await until('a renewal', async () => {
    const now = await record();
    return now && now.renewedAt > first.renewedAt && now.boot === first.boot;
  });
  worker.kill('SIGTERM');
  expect(await worker.exited).toBe(0);
  expect(await record()).toBeUndefined();
  expect(readFileSync(join(home, 'logs', 'h1.out'), 'utf8')).toBe('');
});

test('a second SIGTERM does not kill a worker that is shutting down', async () => {
  const { worker, record } = await startHost('h2');
  await until('a record', record);
  worker.kill('SIGTERM');
  worker.kill('SIGTERM');
  expect(await worker.exited).toBe(0);
  expect(await isAlive(worker.identity)).toBe(false);
});

test('a notice of its cloud ends a worker in good order, and its record tells where it stands', async () => {
  const mock = await startMockCloud();
  onTestFinished(() => mock.close());
  const { notices } = loadConfig();
  const gcp = { ...notices.clouds.gcp, endpoint: mock.endpoints.gcp };
  const { worker, record, home } = await startHost('h4', {
    notices: { ...notices, profile: 'gcp', clouds: { ...notices.clouds, gcp } },
  });
  await until('a record with its cloud', async () => (await record())?.profile === 'gcp');
  mock.tell('gcp', { noticeAfterSeconds: 0 });
  expect(await worker.exited).toBe(0);
  expect(await record()).toBeUndefined();
  expect(readFileSync(join(home, 'logs', 'h4.out'), 'utf8')).toMatch(
    /^gcp takes this host \(preempted, told 30 s before [^)]*\)\.\n$/,
  );
});

test('the probe queue of the host answers beside its training slot', async () => {
  const { record } = await startHost('h3');
  await until('a record', record);
  const connection = await Connection.connect({ address: server.address });
  const native = await NativeConnection.connect({ address: server.address });
  const worker = await Worker.create({
    connection: native,
    taskQueue: 'probe-test',
    workflowsPath: new URL('./support/probe-workflow.mjs', import.meta.url).pathname,
  });
  const client = new Client({ connection });
  const answer: unknown = await worker.runUntil(
    client.workflow.execute('probe', {
      taskQueue: 'probe-test',
      workflowId: 'probe-h3',
      args: [probeQueue('h3')],
    }),
  );
  expect(HostRecord.parse(answer)).toMatchObject({ id: 'h3', gpuClass: 'c' });
  await connection.close();
  await native.close();
});
