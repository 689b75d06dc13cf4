import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { createControlActivities } from '../activities/create-control-activities.js';
import { createAskControl } from '../activities/until-needed.js';
import { codeDigest } from '../config/code-digest.js';
import type { Config } from '../config/config.js';
import { openLogger } from '../config/logger.js';
import type { ControlActivities } from '../contracts/activities.js';
import type { AskControl } from '../contracts/asking.js';
import { CONTROL_QUEUE } from '../contracts/stages.js';
import { createProvider } from '../hosts/create-provider.js';
import { renderReport } from '../report/render-report.js';
import { storeOpener } from '../store/store-opener.js';
import { keepPulse, pulsePath } from './pulse.js';
import { connectPatiently, installRuntime, runTogether } from './runtime.js';
import { ensureSearchAttributes } from './search-attributes.js';

const BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

/** Workflows, the supervisor and the report; runs where the server is. */
export async function runControlWorker(config: Config): Promise<void> {
  if (!existsSync(BUNDLE)) {
    throw new Error(`The workflow bundle ${BUNDLE} is missing. Run \`npm run build\`.`);
  }
  const log = openLogger(config.home, 'control', config.logLevel);
  installRuntime(log);
  const connection = await connectPatiently(config, log);
  const clientConnection = await Connection.connect(config.connection);
  const client = new Client({ connection: clientConnection, namespace: config.namespace });
  await ensureSearchAttributes(clientConnection, config.namespace);
  const openStore = storeOpener(config.home, config.storeCredentials);
  const store = await openStore({ kind: 'local' });
  const now = (): Date => new Date();
  const activities = createControlActivities({
    store,
    openStore,
    home: config.home,
    codeDigest: await codeDigest(config.root),
    client,
    provider: (hosts, at) => createProvider(hosts, { config, store: at, now }),
    now,
    log,
    renderReport,
    uiUrl: config.uiUrl,
  });
  const asking = createAskControl({ client, log });
  const worker = await createWorker(config, connection, { ...activities, ...asking });
  const over = new AbortController();
  const pulse = keepPulse(
    pulsePath(config.home),
    () => atWork(worker, clientConnection),
    over.signal,
  );
  try {
    await runTogether([worker]);
  } finally {
    over.abort();
    await pulse;
    await clientConnection.close();
    await connection.close();
  }
}

const ANSWERS_WITHIN_MS = 10_000;

async function atWork(worker: Worker, connection: Connection): Promise<void> {
  if (worker.getState() !== 'RUNNING') throw new Error(`the worker is ${worker.getState()}`);
  await connection.withDeadline(Date.now() + ANSWERS_WITHIN_MS, () =>
    connection.workflowService.getSystemInfo({}),
  );
}

function createWorker(
  config: Config,
  connection: NativeConnection,
  activities: ControlActivities & AskControl,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace: config.namespace,
    taskQueue: CONTROL_QUEUE,
    identity: `${config.hostname}:control:${process.pid}`,
    workflowBundle: { codePath: BUNDLE },
    maxCachedWorkflows: 50,
    shutdownGraceTime: '1s',
    shutdownForceTime: '10s',
    maxHeartbeatThrottleInterval: config.heartbeatThrottleMs,
    activities,
  });
}
