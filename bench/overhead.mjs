// Wall time of full-train through a plan over that of the bare trainer, which writes and hashes the
// same checkpoints: one training thread each, a checkpoint every 5 s, interleaved pairs.
//   node bench/overhead.mjs [PAIRS] [STEPS]
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withClient } from '../dist/cli/connect.js';
import { LocalStack } from '../dist/cli/local-stack.js';
import { loadPlan } from '../dist/cli/plan-file.js';
import { readState } from '../dist/cli/plan-handle.js';
import { startPlan } from '../dist/cli/start-plan.js';
import { freePorts } from '../dist/processes/free-port.js';
import { median, report, round } from './measure.mjs';

const PAIRS = Number(process.argv[2] ?? 5);
const STEPS = Number(process.argv[3] ?? 900);
const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'dream-sft-bench-'));
const [port, uiPort] = await freePorts(2);
const parts = ['server', 'control', 'prep'];
const stack = await LocalStack.start({ home, port, uiPort, parts, gpuClass: 'none' });

/** A plan of its own for each pair: another seed, so that nothing trained before is taken over. */
const planOf = (pair) =>
  loadPlan(join(root, 'plans', 'tiny.yaml'), {
    id: `overhead-${pair}`,
    settings: [
      `training.steps=${STEPS}`,
      `training.seed=${1000 + pair}`,
      'checkpoints={ everySeconds: 5 }',
      'hosts.threads=1',
      'evaluation.suites.0.questions=10',
      'evaluation.batchSize=10',
      'smoke.steps=2',
      'money.capCny=1000',
      'money.approveBelowCny=1000',
    ],
  });

/** Seconds of full-train, and the spec that its GPU worker wrote for the trainer. */
async function throughPlan(client, pair) {
  const plan = await planOf(pair);
  await startPlan(client, plan);
  let spec;
  const watch = setInterval(() => (spec ??= runningSpec(plan.training.seed)), 500);
  await client.workflow.getHandle(plan.id).result();
  clearInterval(watch);
  const state = await readState(client, plan.id);
  const stage = state.stages.find(({ name }) => name === 'full-train');
  if (stage.status !== 'finished' || !spec) throw new Error(`full-train is ${stage.status}`);
  return {
    spec,
    seconds: (Date.parse(stage.finishedAt) - Date.parse(stage.startedAt)) / 1000,
  };
}

/** The worker keeps it only while the stage runs. */
function runningSpec(seed) {
  const hosts = join(home, 'hosts');
  if (!existsSync(hosts)) return undefined;
  return readdirSync(hosts, { recursive: true })
    .filter((name) => name.endsWith('train.json'))
    .map((name) => JSON.parse(readFileSync(join(hosts, name), 'utf8')))
    .find(({ stopAfterSteps, training }) => !stopAfterSteps && training.seed === seed);
}

async function bare(spec) {
  const folder = mkdtempSync(join(home, 'bare-'));
  const path = join(folder, 'train.json');
  writeFileSync(
    path,
    JSON.stringify({
      ...spec,
      runDir: join(folder, 'run'),
      output: join(folder, 'output'),
      checkpoints: { ...spec.checkpoints, folder: join(folder, 'staging'), keep: 2 },
    }),
  );
  const start = performance.now();
  const child = spawn(stack.config.python, ['-m', 'dream_sft', 'train', '--spec', path], {
    env: { ...process.env, PYTHONPATH: stack.config.trainerFolder },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const code = await new Promise((done) => child.on('exit', done));
  if (code !== 0) throw new Error(`the bare trainer ended with ${code}`);
  return (performance.now() - start) / 1000;
}

const pairs = [];
await withClient(stack.config, async (client) => {
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const { seconds, spec } = await throughPlan(client, pair);
    pairs.push({ plan: seconds, bare: await bare(spec) });
    process.stderr.write(`${JSON.stringify(pairs.at(-1))}\n`);
  }
});
await stack.stop();

report('overhead', {
  pairs: PAIRS,
  steps: STEPS,
  medianSeconds: {
    plan: round(median(pairs.map(({ plan }) => plan))),
    bare: round(median(pairs.map(({ bare }) => bare))),
  },
  ratio: round(median(pairs.map(({ plan, bare }) => plan / bare))),
  wanted: { ratio: 1.02, secondsAtLeast: 120 },
});
