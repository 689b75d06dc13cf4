import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/config.js';
import type { ObjectStore } from '../../store/object-store.js';
import { openStore } from '../../store/open-store.js';
import { BUCKET_KEYS, startBucket } from '../bucket.js';
import type { Fault } from '../fault.js';
import { type RequestFault, type Rule, startFaultyProxy } from '../store-proxy.js';
import type { Training } from '../training.js';
import type { Trial } from '../trial.js';

const weedOf = ({ root }: Config): string => join(root, '.venv', 'bin', 'weed');

/** A bucket of a real S3 server, and a way to it on which `rule` holds while the trial says so. */
const badStore = (
  fault: Pick<Fault, 'name' | 'en' | 'zh' | 'expects'>,
  rule: () => Rule,
  lasts: (trial: Trial, target: Training) => Promise<void>,
): Fault => ({
  ...fault,
  unavailable: (config) =>
    access(weedOf(config)).then(
      () => null,
      () => 'it needs an S3 server of its own: `npm run setup -- --dev` brings one',
    ),
  open: async (trial) => {
    const { config } = trial.arena;
    const { lifetimeSocket, home } = config;
    const bucket = await startBucket({ binary: weedOf(config), keys: BUCKET_KEYS, lifetimeSocket });
    trial.onEnd(() => bucket.stop());
    const way = await startFaultyProxy(bucket.endpoint);
    trial.onEnd(() => way.close());
    trial.store = await openStore(bucket.config(trial.planId), home, BUCKET_KEYS);
    await copyAll(trial.arena.store, trial.store);
    const place = bucket.config(trial.planId, { endpoint: way.endpoint });
    return {
      settings: Object.entries(place).map(([key, value]) => `store.${key}=${String(value)}`),
      strike: async (target) => {
        way.rule = rule();
        await lasts(trial, target);
        way.rule = () => undefined;
      },
    };
  },
});

/** What was paid for before: the plan of this trial begins where those in the folder do. */
async function copyAll(from: ObjectStore, to: ObjectStore): Promise<void> {
  for (const prefix of ['blobs/', 'manifests/', 'results/']) {
    for (const key of await from.list(prefix)) await to.put(key, (await from.get(key))!);
  }
}

/** Three checkpoints fall due meanwhile. */
const whileTraining = (trial: Trial, target: Training): Promise<void> =>
  trial.untilWritten(3 * trial.everySteps, target);

const always =
  (fault: RequestFault): (() => Rule) =>
  () =>
  () =>
    fault;

export const storeRefuses = badStore(
  {
    name: 'store-refuses',
    en: 'store refuses every connection while three checkpoints fall due',
    zh: '在三个检查点到期期间，存储拒绝所有连接',
    expects: { repeats: false },
  },
  always({ kind: 'refuse' }),
  whileTraining,
);

export const storeSlow = badStore(
  {
    name: 'store-slow',
    en: 'store takes a second for every request while three checkpoints fall due',
    zh: '在三个检查点到期期间，存储每个请求慢一秒',
    expects: { repeats: false },
  },
  always({ kind: 'late', ms: 1000 }),
  whileTraining,
);

/** Each second upload breaks off in its middle, and of each second journal entry the answer is lost. */
function failingHalfWay(): Rule {
  let seen = 0;
  return ({ method, path }) => {
    if (method !== 'PUT') return undefined;
    seen += 1;
    if (seen % 2 === 0) return undefined;
    return path.includes('/chains/')
      ? { kind: 'lostAnswer', status: 500 }
      : { kind: 'cut', after: 1000 };
  };
}

export const storeFailsHalfWay = badStore(
  {
    name: 'store-fails-half-way',
    en: 'store breaks uploads off half-way and loses answers while three checkpoints fall due',
    zh: '在三个检查点到期期间，存储半途中断上传并丢失应答',
    expects: { repeats: false },
  },
  failingHalfWay,
  whileTraining,
);
