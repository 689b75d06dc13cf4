import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { StageDeps } from '../activities/deps.js';
import { Alarm } from '../activities/trainer/alarm.js';
import { createGpuActivities } from '../activities/create-gpu-activities.js';
import { createAskActivities } from '../activities/gpu/answer-questions.js';
import { Keeper } from '../activities/gpu/keeper.js';
import { createProbeActivities } from '../activities/create-probe-activities.js';
import { codeDigest } from '../config/code-digest.js';
import type { Config } from '../config/config.js';
import { openLogger } from '../config/logger.js';
import type { GpuActivities } from '../contracts/activities.js';
import type { AskActivities } from '../contracts/asking.js';
import { gpuQueue, probeQueue } from '../contracts/stages.js';
import { holdCards } from '../hosts/cards.js';
import { hostIdIn } from '../hosts/host-names.js';
import { HostRecordKeeper } from '../hosts/host-record.js';
import { type Departure, whoTakes } from '../notices/departure.js';
import type { NoticeSettings } from '../notices/settings.js';
import { requirePython } from '../processes/python-check.js';
import { startTrainer } from '../processes/trainer.js';
import type { ObjectStore } from '../store/object-store.js';
import { storeOpener } from '../store/store-opener.js';
import { watchDeparture } from './departing.js';
import { askServer } from './is-wanted.js';
import { connectPatiently, installRuntime, onAsked, runTogether } from './runtime.js';

export interface GpuWorkerOptions {
  readonly gpuClass: string;
  readonly hostId?: string;
  /** See StageDeps. */
  readonly beforeJournalWrite?: (key: string) => Promise<void> | void;
  /** See storeOpener. */
  readonly changeStore?: (store: ObjectStore) => ObjectStore;
}

/** Activities only: one training slot, and a queue of its own for probes of this host. */
export async function runGpuWorker(config: Config, options: GpuWorkerOptions): Promise<void> {
  await requirePython(config.python);
  const id = options.hostId ?? (await hostIdIn(config.home, config.hostname));
  const log = openLogger(config.home, `gpu-${id}`, config.logLevel);
  installRuntime(log);
  const openStore = storeOpener(config.home, config.storeCredentials, options.changeStore);
  const store = await openStore({ kind: 'local' });
  const digest = await codeDigest(config.root);
  const host: GpuHost = { config, options, id, log, store, openStore, digest };
  const record = recordOf(host);
  const over = new AbortController();
  const departure = watchDeparture(config.notices, {
    ...{ log, onAsked, now: () => new Date(), signal: over.signal },
    onProfile: (profile) => (record.profile = profile),
  });
  const connection = await connectPatiently(config, log);
  const keeper = new Keeper(departure);
  const tied = { record, connection, departure, keeper };
  const workers = await workersOf(host, tied);
  await holdCards(config, id);
  await record.start();
  try {
    const served = runTogether(workers, departure.signal).then(() => keeper.settled());
    await Promise.race([served, overdue(departure)]);
  } finally {
    over.abort();
    await record.end();
    await connection.close();
  }
  sayWhy(departure);
}

/** To whoever looks at a worker that has ended by itself; one that was told to knows. */
function sayWhy({ notice }: Departure): void {
  if (notice && notice.source !== 'signal') process.stdout.write(`${whoTakes(notice)}.\n`);
}

const FORCED_AFTER_MS = 10_000;

/** Rejects when the host should be gone and its worker is still here: the process ends, trainer and all. */
function overdue(departure: Departure): Promise<never> {
  return new Promise((_, reject) => {
    const alarm = new Alarm();
    void alarm.rings.then(() => reject(new Error('not ended in the time that its host had')));
    const arm = (): void => {
      const stopAt = Date.parse(departure.notice?.stopAt ?? '');
      alarm.arm(Math.max(0, stopAt - Date.now()) + FORCED_AFTER_MS);
    };
    departure.onSooner(arm);
    if (departure.notice) arm();
  });
}

function longestWindowMs({ clouds, signalSeconds }: NoticeSettings): number {
  const windows = Object.values(clouds).map(({ windowSeconds }) => windowSeconds);
  return 1000 * Math.max(...windows, signalSeconds ?? 0);
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

/** What its activities are tied to. */
interface Ties {
  readonly record: HostRecordKeeper;
  readonly connection: NativeConnection;
  readonly departure: Departure;
  readonly keeper: Keeper;
}

function activitiesOf(host: GpuHost, ties: Ties): GpuActivities & AskActivities {
  const { record, connection, departure, keeper } = ties;
  const { config, options, id, log, store, openStore, digest } = host;
  const deps: StageDeps = {
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
    departure,
    keeper,
    isWanted: askServer(connection, config.namespace),
    hostProfile: () => record.profile,
    marginSeconds: config.notices.marginSeconds,
    ...(options.beforeJournalWrite ? { beforeJournalWrite: options.beforeJournalWrite } : {}),
  };
  return { ...createGpuActivities(deps), ...createAskActivities(deps) };
}

async function workersOf(host: GpuHost, ties: Ties): Promise<Worker[]> {
  const { config, options, id } = host;
  const { record, connection } = ties;
  const common = {
    connection,
    namespace: config.namespace,
    identity: `${id}:${options.gpuClass}:${process.pid}`,
    // A spot host has no time to give away: running attempts hear of a shutdown at once.
    shutdownGraceTime: 0,
    // A running attempt ends by itself in the time that its host has; this is when it does not.
    shutdownForceTime: longestWindowMs(config.notices) + FORCED_AFTER_MS,
    maxHeartbeatThrottleInterval: config.heartbeatThrottleMs,
  };
  const training = await Worker.create({
    ...common,
    taskQueue: gpuQueue(options.gpuClass),
    activities: activitiesOf(host, ties),
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
