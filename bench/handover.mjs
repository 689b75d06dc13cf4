// From a cloud's notice to the stage handed back, against save + publish of the checkpoint that is
// handed over, and from there to the next attempt's start on a host that already polls:
//   node bench/handover.mjs [TRIALS]
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withClient } from '../dist/cli/connect.js';
import { LocalStack } from '../dist/cli/local-stack.js';
import { loadPlan } from '../dist/cli/plan-file.js';
import { readProgress } from '../dist/cli/plan-handle.js';
import { startPlan } from '../dist/cli/start-plan.js';
import { startMockCloud } from '../dist/mock-cloud/server.js';
import { freePorts } from '../dist/processes/free-port.js';
import { startWorkerProcess } from '../dist/processes/worker-process.js';
import { Chain } from '../dist/store/chain.js';
import { openStore } from '../dist/store/open-store.js';
import { median, quantile, report, round, until } from './measure.mjs';

const TRIALS = Number(process.argv[2] ?? 10);
const POLL_MS = 50;
const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'dream-sft-bench-'));
const [port, uiPort] = await freePorts(2);
const parts = ['server', 'control', 'prep'];
const stack = await LocalStack.start({ home, port, uiPort, parts, gpuClass: 'none' });
const plan = await loadPlan(join(root, 'plans', 'tiny.yaml'), {
  id: 'handover',
  settings: [
    'hosts.provider=manual',
    'hosts.threads=1',
    'training.steps=20000',
    'checkpoints.everySteps=25',
    'smoke.steps=2',
    'evaluation.suites.0.questions=10',
    'evaluation.batchSize=10',
    'money.capCny=100000',
    'money.approveBelowCny=100000',
  ],
});
const store = await openStore({ kind: 'local' }, home);

/** A host of its own cloud, so that a notice is told to it alone. */
async function startHost(number) {
  const cloud = await startMockCloud();
  const { config } = stack;
  const aws = { ...config.notices.clouds.aws, endpoint: cloud.endpoints.aws, pollMs: POLL_MS };
  const notices = { ...config.notices, profile: 'aws', clouds: { ...config.notices.clouds, aws } };
  const id = `bench-${number}`;
  const args = ['gpu', '--gpu-class', plan.hosts.gpuClass, '--host', id];
  const worker = await startWorkerProcess({ ...config, notices }, args, id);
  await until('the host is up', () => store.has(`hosts/${id}.json`));
  return { id, cloud, worker };
}

/** The journal of full-train: the only chain that publishes steps so far on. */
async function chainOf() {
  const keys = new Set((await store.list('chains/')).map((key) => key.split('/')[1]));
  for (const key of keys) {
    const chain = new Chain(store, key);
    if (((await chain.fold()).newest?.step ?? 0) >= 25) return chain;
  }
  return null;
}

/** Seconds that this took with the checkpoint of a step, as the worker of its host logs it. */
function secondsOf(host, what, step) {
  const lines = readFileSync(join(home, 'logs', `gpu-${host}.log`), 'utf8')
    .trim()
    .split('\n');
  const said = lines.map((line) => JSON.parse(line));
  const of = said.find((line) => line.msg === `checkpoint ${what}` && line.step === step);
  if (!of) throw new Error(`${host} does not say what the checkpoint of step ${step} took`);
  return of.seconds;
}

const hosts = new Map();
const add = async (number) => {
  const host = await startHost(number);
  hosts.set(host.id, host);
};
await add(0);
const trials = [];
await withClient(stack.config, async (client) => {
  await startPlan(client, plan);
  const chain = await until('a checkpoint of full-train', chainOf);
  for (let trial = 1; trial <= TRIALS; trial += 1) {
    await add(trial);
    const before = await until('steps behind the newest checkpoint', async () => {
      const now = await readProgress(client, plan.id);
      const { newestToken } = await chain.fold();
      const ready = now?.phase === 'running' && now.token === newestToken;
      return ready && now.publishedStep !== null && now.done > now.publishedStep + 3 ? now : null;
    });
    const leaving = hosts.get(before.host);
    leaving.cloud.tell('aws', { noticeAfterSeconds: 0, stopAfterSeconds: 120, tokens: 'required' });
    const state = await until('the next attempt makes a step', async () => {
      const now = await chain.fold();
      return now.postMortems.some(({ lostToken }) => lostToken === before.token) ? now : null;
    });
    const [left, next] = state.attempts.filter(({ token }) => token >= before.token);
    const lost = state.postMortems.find(({ lostToken }) => lostToken === before.token);
    const save = secondsOf(before.host, 'saved', left.ended.step);
    const publish = secondsOf(before.host, 'published', left.ended.step);
    trials.push({
      how: left.ended.how,
      handedOver: lost.notice.handedOverAfterSeconds,
      save,
      publish,
      beyond: lost.notice.handedOverAfterSeconds - save - publish,
      nextStart: (Date.parse(next.at) - Date.parse(left.ended.at)) / 1000,
      stepsLost: lost.stepsLost,
    });
    process.stderr.write(`${JSON.stringify(trials.at(-1))}\n`);
    await leaving.worker.exited;
    await leaving.cloud.close();
    hosts.delete(leaving.id);
  }
});
await stack.stop();
for (const { cloud } of hosts.values()) await cloud.close();

const of = (name) => trials.map((trial) => trial[name]);
const both = (name) => ({ median: round(median(of(name))), p95: round(quantile(of(name), 0.95)) });
report('handover', {
  trials: TRIALS,
  metadataPolledEverySeconds: POLL_MS / 1000,
  noticeToHandOver: both('handedOver'),
  save: both('save'),
  publish: both('publish'),
  beyondSaveAndPublish: both('beyond'),
  handOverToNextStart: both('nextStart'),
  stepsLost: of('stepsLost').reduce((sum, steps) => sum + steps, 0),
  handedOver: of('how').filter((how) => how === 'preempted').length,
  wanted: { beyondSaveAndPublish: 1, handOverToNextStart: { median: 1.5, p95: 2.5 }, stepsLost: 0 },
});
