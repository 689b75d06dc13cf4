import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createGpuActivities } from '../activities/create-gpu-activities.js';
import { createProbeActivities } from '../activities/create-probe-activities.js';
import { codeDigest } from '../config/code-digest.js';
import type { Config } from '../config/config.js';
import { openLogger } from '../config/logger.js';
import type { GpuActivities } from '../contracts/activities.js';
import { gpuQueue, probeQueue } from '../contracts/stages.js';
import { holdCards } from '../hosts/cards.js';
import { hostIdIn } from '../hosts/host-names.js';
import { HostRecordKeeper } from '../hosts/host-record.js';
import { requirePython } from '../processes/python-check.js';
import { startTrainer } from '../processes/trainer.js';
import type { ObjectStore } from '../store/object-store.js';
import { storeOpener } from '../store/store-opener.js';
import { connectPatiently, installRuntime, runTogether } from './runtime.js';

export interface GpuWorkerOptions {
  readonly gpuClass: string;
  readonly hostId?: string;
  /** See StageDeps. */
  readonly beforeJournalWrite?: (key: string) => Promise<void> | void;
}

/** Activities only: one training slot, and a queue of its own for probes of this host. */
export async function runGpuWorker(config: Config, options: GpuWorkerOptions): Promise<void> {
  await requirePython(config.python);
  const id = options.hostId ?? (await hostIdIn(config.home, config.hostname));
  const log = openLogger(config.home, `gpu-${id}`, config.logLevel);
  installRuntime(log);
  const openStore = storeOpener(config.home, config.storeCredentials);
  const store = await openStore({ kind: 'local' });
  const digest = await codeDigest(config.root);
  const host: GpuHost = { config, options, id, log, store, openStore, digest };
  const record = recordOf(host);
  const connection = await connectPatiently(config, log);
  const workers = await workersOf(host, record, connection);
  await holdCards(config, id);
  await record.start();
  try {
    await runTogether(workers);
  } finally {
    await record.end();
    await connection.close();
  }
}

/** What everything that serves this host is made from. */
interface GpuHost {
  readonly config: Config;
  readonly options: GpuWorkerOptions;
  readonly id: string;
  readonly log: Logger;
  readonly store: ObjectStore;
  readonly openStore: ReturnType<typeof storeOpener>;
  readonly digest: string;
}

function recordOf({ config, options, id, log, store, digest }: GpuHost): HostRecordKeeper {
  return new HostRecordKeeper({
    store,
    id,
    gpuClass: options.gpuClass,
    hostname: config.hostname,
    home: config.home,
    codeDigest: digest,
    periodMs: config.heartbeatThrottleMs,
    now: () => new Date(),
    log,
  });
}

function activitiesOf(host: GpuHost, record: HostRecordKeeper): GpuActivities {
  const { config, options, id, log, store, openStore, digest } = host;
  return createGpuActivities({
    store,
    openStore,
    home: config.home,
    cacheBytes: config.cacheBytes,
    host: { id, boot: record.boot, startedAt: performance.timeOrigin },
    codeDigest: digest,
    python: config.python,
    trainerFolder: config.trainerFolder,
    startTrainer,
    now: () => new Date(),
    log,
    onWork: (work, at) => record.work(work, at),
    ...(options.beforeJournalWrite ? { beforeJournalWrite: options.beforeJournalWrite } : {}),
  });
}

async function workersOf(
  host: GpuHost,
  record: HostRecordKeeper,
  connection: NativeConnection,
): Promise<Worker[]> {
  const { config, options, id } = host;
  const common = {
    connection,
    namespace: config.namespace,
    identity: `${id}:${options.gpuClass}:${process.pid}`,
    // A spot host has no time to give away: running attempts hear of a shutdown at once.
    shutdownGraceTime: 0,
    shutdownForceTime: '30s' as const,
    maxHeartbeatThrottleInterval: config.heartbeatThrottleMs,
  };
  const training = await Worker.create({
    ...common,
    taskQueue: gpuQueue(options.gpuClass),
    activities: activitiesOf(host, record),
    maxConcurrentActivityTaskExecutions: 1,
  });
  const probes = await Worker.create({
    ...common,
    taskQueue: probeQueue(id),
    activities: createProbeActivities({ read: () => record.current() }),
    maxConcurrentActivityTaskExecutions: 2,
  });
  return [training, probes];
}
