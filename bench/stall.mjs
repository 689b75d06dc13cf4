// What publishing to a slow store takes from training: the real full-train activity with the real
// trainer, LoRA checkpoints of 484 MB, an S3 server that is running, and a limit in MB/s for so many
// checkpoints, one after another; --at-most SECONDS bounds the interval, for a short look:
//   AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… node bench/stall.mjs ENDPOINT BUCKET 50:4 5:3
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { createGpuActivities } from '../dist/activities/create-gpu-activities.js';
import { Slowdown } from '../dist/activities/gpu/slowdown.js';
import { loadConfig } from '../dist/config/config.js';
import { intervalSentence } from '../dist/contracts/interval.js';
import { startTrainer } from '../dist/processes/trainer.js';
import { publishArtifact } from '../dist/store/artifacts.js';
import { Chain } from '../dist/store/chain.js';
import { openStore } from '../dist/store/open-store.js';
import { FullTrainConfiguration } from '../dist/contracts/stage-configuration.js';
import { startLimitedProxy } from './limited_proxy.mjs';
import { report, round, until } from './measure.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { 'at-most': { type: 'string', default: '1800' } },
});
const [target, bucket, ...asked] = positionals;
const phases = asked.map((one) => one.split(':').map(Number));
const MIB = 1024 * 1024;
const root = fileURLToPath(new URL('..', import.meta.url));
const config = loadConfig();
const home = mkdtempSync(join(tmpdir(), 'dream-sft-bench-'));
const proxy = await startLimitedProxy(target);
const place = { kind: 's3', bucket, prefix: `stall-${Date.now()}`, region: 'us-east-1' };
const reached = { ...place, endpoint: proxy.endpoint, forcePathStyle: true };
const store = await openStore(reached, home, config.storeCredentials ?? undefined);
spawnSync(config.python, [join(root, 'bench/lora_base.py'), home], {
  env: { ...process.env, PYTHONPATH: `${config.trainerFolder}:${join(root, 'bench')}` },
  stdio: ['ignore', 'ignore', 'inherit'],
});

const steps = [];
const ready = [];
let publishing = false;
let peak = 0;
const put = store.putFile.bind(store);
store.putFile = async (...given) => {
  publishing = true;
  try {
    return await put(...given);
  } finally {
    publishing = false;
  }
};
const deps = {
  store,
  home,
  host: { id: 'bench', boot: 'bench' },
  codeDigest: 'c'.repeat(64),
  python: config.python,
  trainerFolder: config.trainerFolder,
  startTrainer: (options) =>
    startTrainer({
      ...options,
      onEvent: (event) => {
        if (event.type === 'step') steps.push({ ...event, at: Date.now(), publishing });
        if (event.type === 'checkpoint-ready') ready.push({ ...event, at: Date.now() });
        options.onEvent(event);
      },
    }),
  now: () => new Date(),
  hostProfile: () => 'aws',
  log: pino({ level: 'silent' }),
};
const input = {
  planId: 'bench',
  stage: 'full-train',
  stageKey: 'a'.repeat(64),
  codeDigest: deps.codeDigest,
  configuration: FullTrainConfiguration.parse({
    training: {
      steps: 1_000_000,
      documentsPerStep: 2,
      documentsPerMicroBatch: 2,
      method: 'lora',
      lora: { rank: 500, alpha: 1000 },
    },
    checkpoints: { auto: { atMostSeconds: Number(values['at-most']) }, keep: 1 },
    device: 'cpu',
    threads: 1,
  }),
  inputs: {
    base: await publishArtifact(store, { folder: join(home, 'base'), kind: 'model' }),
    dataset: await publishArtifact(store, { folder: join(home, 'dataset'), kind: 'dataset' }),
  },
};

const info = { attempt: 1, currentAttemptScheduledTimestampMs: Date.now() };
const env = new MockActivityEnvironment({ ...info, heartbeatTimeoutMs: 30_000 });
let progress = null;
env.on('heartbeat', (details) => (progress = details));
const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
const chain = new Chain(store, input.stageKey);
const outcome = env.run(createGpuActivities(deps).fullTrain, input);
outcome.catch((error) => {
  process.stderr.write(`${error}\n`);
  process.exit(1);
});
await until('the first step', () => steps.length > 0, { everyMs: 500 });
const before = process.memoryUsage().rss;
peak = before;

/** Until so many more are published: what it came to. */
async function measure([megabytes, checkpoints]) {
  proxy.limit(megabytes * 1e6);
  const from = Date.now();
  const known = (await chain.fold()).published.length;
  const done = async () => (await chain.fold()).published.length >= known + checkpoints;
  await until('checkpoints', done, { everyMs: 500, withinMs: 1_800_000 });
  const seconds = (Date.now() - from) / 1000;
  const here = ready.filter(({ at }) => at > from);
  const stalled = here.reduce((sum, { stallSeconds }) => sum + stallSeconds, 0);
  const slowdown = new Slowdown();
  const made = steps.filter(({ at }) => at > from);
  for (const step of made) slowdown.step(step.secondsCompute, step.publishing);
  await until('the interval', () => progress?.interval?.publishSeconds);
  const phase = {
    megabytesPerSecond: megabytes,
    seconds: round(seconds, 1),
    checkpoints: here.length,
    megabytes: Math.round(here[0].files.reduce((sum, { size }) => sum + size, 0) / 1e6),
    stallSeconds: here.map(({ stallSeconds }) => round(stallSeconds)),
    stallPercent: round((100 * stalled) / seconds, 2),
    stepsSlowedBesidePercent: round(100 * slowdown.share, 1),
    secondsBetween: here.slice(1).map((one, i) => round((one.at - here[i].at) / 1000, 1)),
    saveSeconds: round(progress.interval.saveSeconds, 1),
    publishSeconds: round(progress.interval.publishSeconds, 1),
    interval: intervalSentence(progress.interval, false),
  };
  process.stderr.write(`${JSON.stringify(phase)}\n`);
  return phase;
}

const measured = [];
for (const phase of phases) measured.push(await measure(phase));
proxy.limit(Number.POSITIVE_INFINITY);
env.cancel();
await outcome;
clearInterval(sampling);
await proxy.close();
rmSync(home, { recursive: true, force: true });
report('stall', {
  phases: measured,
  publisherGrewMiB: Math.round((peak - before) / MIB),
  wanted: { stallPercent: 1 },
});
