// From SIGKILL of GPU worker and trainer to the first new training step, with its parts, over
// (heartbeat timeout + spawn to first step from the same checkpoint). TIMEOUT is 5 or 30, as plans
// have it:
//   node bench/recovery.mjs [TRIALS] [TIMEOUT]
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { withClient } from '../dist/cli/connect.js';
import { LocalStack } from '../dist/cli/local-stack.js';
import { loadPlan } from '../dist/cli/plan-file.js';
import { readProgress } from '../dist/cli/plan-handle.js';
import { startPlan } from '../dist/cli/start-plan.js';
import { freePorts } from '../dist/processes/free-port.js';
import { Chain } from '../dist/store/chain.js';
import { openStore } from '../dist/store/open-store.js';
import { restoreNewest } from '../dist/store/restore.js';
import { median, quantile, report, round, until } from './measure.mjs';

const TRIALS = Number(process.argv[2] ?? 10);
const TIMEOUT = Number(process.argv[3] ?? 5);
const HEARTBEAT = { 5: 'demo', 30: 'default' }[TIMEOUT];
if (HEARTBEAT === undefined) throw new Error('the timeout is 5 or 30');
const RETRY = 1;
const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'dream-sft-bench-'));
const [port, uiPort] = await freePorts(2);
const stack = await LocalStack.start({
  home,
  port,
  uiPort,
  parts: ['server', 'control', 'prep'],
  gpuClass: 'none',
});
const plan = await loadPlan(join(root, 'plans', 'tiny.yaml'), {
  id: 'recovery',
  settings: [
    'training.steps=20000',
    'checkpoints.everySteps=25',
    `hosts.heartbeat=${HEARTBEAT}`,
    'hosts.threads=1',
    'evaluation.suites.0.questions=10',
    'money.capCny=100000',
    'money.approveBelowCny=100000',
  ],
});
const store = await openStore({ kind: 'local' }, home);

/** The journal of full-train: the only chain that publishes steps. */
async function chainOf() {
  const keys = new Set((await store.list('chains/')).map((key) => key.split('/')[1]));
  for (const key of keys) {
    const state = await new Chain(store, key).fold();
    if (state.newest && state.newest.step >= 25) return { key, state };
  }
  return null;
}

async function spawnSeconds(checkpoint, hostId) {
  const work = join(home, 'hosts', hostId, 'work');
  const spec = JSON.parse(readFileSync(newestSpec(work), 'utf8'));
  const folder = mkdtempSync(join(home, 'bare-'));
  const path = join(folder, 'train.json');
  writeFileSync(
    path,
    JSON.stringify({
      ...spec,
      runDir: folder,
      resumeFrom: checkpoint,
      output: join(folder, 'o'),
      checkpoints: { ...spec.checkpoints, folder: join(folder, 's') },
    }),
  );
  const start = performance.now();
  const child = spawn(stack.config.python, ['-m', 'dream_sft', 'train', '--spec', path], {
    env: { ...process.env, PYTHONPATH: stack.config.trainerFolder },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (JSON.parse(line).type !== 'step') continue;
    const seconds = (performance.now() - start) / 1000;
    child.kill('SIGKILL');
    return seconds;
  }
  throw new Error('the bare trainer made no step');
}

function newestSpec(work) {
  const found = readdirSync(work, { recursive: true }).filter((name) =>
    name.endsWith('train.json'),
  );
  return join(work, found.sort().at(-1));
}

const trials = [];
await withClient(stack.config, async (client) => {
  await startPlan(client, plan);
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const before = await until('steps behind the newest checkpoint', async () => {
      const progress = await readProgress(client, plan.id);
      const ready =
        progress?.unit === 'steps' &&
        progress.phase === 'running' &&
        progress.publishedStep !== null;
      return ready && progress.total > 1000 && progress.done > progress.publishedStep + 3
        ? progress
        : null;
    });
    const { key } = await until('a checkpoint of full-train', chainOf);
    const record = JSON.parse(
      await store.get(`hosts/${before.host}.json`).then((b) => Buffer.from(b).toString()),
    );
    const killed = Date.now();
    process.kill(record.pid, 'SIGKILL');
    process.kill(-before.trainerPid, 'SIGKILL');
    // The next attempt writes its predecessor's post-mortem at its first new step.
    const after = await until('a new step', async () => {
      const now = await new Chain(store, key).fold();
      return now.postMortems.some(({ lostToken }) => lostToken === before.token) ? now : null;
    });
    const lost = after.postMortems.find(({ lostToken }) => lostToken === before.token);
    const first = Date.parse(lost.lastSeenAt) + lost.resumedAfterSeconds * 1000;
    const attempt = after.attempts.find(({ token }) => token > before.token);
    const boot = after.boots.at(-1);
    const restored = await restoreNewest(
      store,
      await new Chain(store, key).fold(),
      mkdtempSync(join(home, 'restored-')),
    );
    const spawned = await spawnSeconds(restored.folder, attempt.host);
    const detected = Date.parse(lost.lastSeenAt) + lost.detectedAfterSeconds * 1000;
    const total = (first - killed) / 1000;
    const restoreAndStart = (first - Date.parse(attempt.at)) / 1000;
    trials.push({
      total,
      hostStart: (Date.parse(boot.at) - killed) / 1000,
      detect: (detected - killed) / 1000,
      retry: (Date.parse(attempt.at) - detected) / 1000,
      restore: restoreAndStart - spawned,
      spawn: spawned,
      ratio: total / (TIMEOUT + spawned),
      beyond: total - TIMEOUT - spawned,
    });
    process.stderr.write(`${JSON.stringify(trials.at(-1))}\n`);
  }
});
await stack.stop();

const seconds = (share) =>
  Object.fromEntries(
    Object.keys(trials[0]).map((name) => {
      const values = trials.map((trial) => trial[name]);
      return [name, round(share === null ? median(values) : quantile(values, share))];
    }),
  );
report('recovery', {
  trials: TRIALS,
  heartbeatTimeoutSeconds: TIMEOUT,
  retrySeconds: RETRY,
  median: seconds(null),
  p95: seconds(0.95),
  wanted: { median: { ratio: 1.2, beyond: 1.5 }, p95: { ratio: 1.5 } },
});
