import { Worker } from '@temporalio/worker';
import { createPrepActivities } from '../activities/create-prep-activities.js';
import { codeDigest } from '../config/code-digest.js';
import type { Config } from '../config/config.js';
import { openLogger } from '../config/logger.js';
import { PREP_QUEUE } from '../contracts/stages.js';
import { requirePython } from '../processes/python-check.js';
import { startTrainer } from '../processes/trainer.js';
import { storeOpener } from '../store/store-opener.js';
import { connectPatiently, installRuntime, runTogether } from './runtime.js';

/** Download, convert, validate: no GPU needed, on the machine that will train. */
export async function runPrepWorker(config: Config): Promise<void> {
  await requirePython(config.python);
  const log = openLogger(config.home, 'prep', config.logLevel);
  installRuntime(log);
  const connection = await connectPatiently(config, log);
  const openStore = storeOpener(config.home, config.storeCredentials);
  const worker = await Worker.create({
    connection,
    namespace: config.namespace,
    taskQueue: PREP_QUEUE,
    identity: `${config.hostname}:prep:${process.pid}`,
    shutdownGraceTime: 0,
    shutdownForceTime: '20s',
    maxHeartbeatThrottleInterval: config.heartbeatThrottleMs,
    maxConcurrentActivityTaskExecutions: 2,
    activities: createPrepActivities({
      store: await openStore({ kind: 'local' }),
      openStore,
      home: config.home,
      cacheBytes: config.cacheBytes,
      host: { id: `${config.hostname}-prep`, boot: String(process.pid) },
      codeDigest: await codeDigest(config.root),
      python: config.python,
      trainerFolder: config.trainerFolder,
      startTrainer,
      now: () => new Date(),
      log,
    }),
  });
  try {
    await runTogether([worker]);
  } finally {
    await connection.close();
  }
}
