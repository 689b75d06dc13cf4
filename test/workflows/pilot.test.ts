import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PilotCandidate } from '../../src/contracts/pilot.js';
import type { ResolvedPlan } from '../../src/contracts/plan.js';
import { until } from '../support/until.js';
import { stateOf, World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await World.open();
}, 60_000);
afterAll(() => world.close(), 60_000);
beforeEach(() => {
  world.reset();
  world.stages.correct = { 'low-eval': 60, 'high-eval': 90 };
});

const CANDIDATES: PilotCandidate[] = [{ name: 'low' }, { name: 'high', learningRate: 0.02 }];

async function piloted(
  id: string,
  candidates: PilotCandidate[] = CANDIDATES,
  change: Partial<ResolvedPlan> = {},
): Promise<ResolvedPlan> {
  const suite = { name: 'gsm8k', questions: 200, seed: 0, file: '/train.jsonl' } as const;
  return world.plan(id, { pilot: { candidates, epochs: 1, suite }, ...change });
}

const ranIn = (stage: string) => world.stages.ran.filter((input) => input.stage === stage);
const fullTrain = () =>
  ranIn('full-train')[0]?.configuration['training'] as ResolvedPlan['training'];

test('each candidate is trained and scored, and full-train goes on with the values of the best', async () => {
  const plan = await piloted('piloted');
  const handle = await world.start(plan, plan.id);
  await handle.result();
  const order = world.stages.ran.map(({ stage, part = '' }) => `${stage} ${part}`.trim());
  expect(order.slice(4)).toEqual([
    'eval-before shard-1',
    'pilot low-full-train',
    'pilot low-eval-shard-1',
    'pilot high-full-train',
    'pilot high-eval-shard-1',
    'full-train',
    'eval-after shard-1',
  ]);
  const [trained, scored] = ranIn('pilot');
  expect(trained?.configuration['training']).toMatchObject({ epochs: 1, learningRate: 0.004 });
  expect(trained?.configuration['training']).not.toHaveProperty('steps');
  expect(scored?.configuration['suites']).toEqual([{ ...plan.pilot?.suite, file: 'gsm8k.jsonl' }]);
  expect(fullTrain()).toMatchObject({ steps: 600, learningRate: 0.02 });
  const pilot = {
    chosen: 'high',
    clear: true,
    ended: true,
    trials: [
      { name: 'low', learningRate: 0.004, score: { correct: 60, n: 200 } },
      { name: 'high', learningRate: 0.02, score: { correct: 90, n: 200 } },
    ],
  };
  expect((await stateOf(handle)).pilot).toMatchObject(pilot);
  expect(world.summaryOf(plan.id)).toMatchObject({ status: 'finished', pilot });
  const stage = world.summaryOf(plan.id).stages[5];
  expect(stage).toMatchObject({ name: 'pilot', status: 'finished', attempts: 4, cached: false });
});

test('what a training finds to fit is known to those after it, whoever is done already', async () => {
  const rows = (tokensPerMicroBatch: number) => ({
    device: 'NVIDIA H20',
    tokensPerMicroBatch,
    documentsPerMicroBatch: null,
  });
  world.stages.budgets = { 'smoke-train': [rows(4096)], 'low-full-train': [rows(2048)] };
  const plan = await piloted('budgeted');
  await (await world.start(plan, plan.id)).result();
  const trained = world.stages.ran.filter((input) => input.budgets !== undefined);
  expect(trained.map(({ stage, part = '', budgets }) => [stage, part, budgets])).toEqual([
    ['pilot', 'low-full-train', [rows(4096)]],
    ['pilot', 'high-full-train', [rows(2048)]],
    ['full-train', '', [rows(2048)]],
  ]);
  // The smoke run is not done again, and its result still tells.
  world.reset();
  const checkpoints = { everySteps: 7, keep: 1 };
  const other = { ...plan, id: 'budgeted-again', checkpoints };
  await (await world.start(other, other.id)).result();
  expect(ranIn('smoke-train')).toEqual([]);
  expect(ranIn('full-train')[0]?.budgets).toEqual([rows(4096)]);
});

test('of equal candidates the first is taken; a second plan pays for nothing of it', async () => {
  world.stages.correct = { 'low-eval': 80, 'high-eval': 80 };
  const plan = await piloted('equal');
  await (await world.start(plan, plan.id)).result();
  expect(fullTrain().learningRate).toBe(0.004);
  world.stages.ran.length = 0;
  const again = { ...plan, id: 'equal-again' };
  const handle = await world.start(again, again.id);
  await handle.result();
  expect(world.stages.ran).toEqual([]);
  const { stages, pilot } = await stateOf(handle);
  expect(stages[5]).toMatchObject({ name: 'pilot', cached: true });
  expect(pilot).toMatchObject({ chosen: 'low', clear: false });
});

test('another view is converted and validated for its candidate, and trained on when it wins', async () => {
  const plan = await piloted('viewed', [{ name: 'low' }, { name: 'high', view: 'trace' }]);
  const handle = await world.start(plan, plan.id);
  await handle.result();
  const parts = ranIn('pilot').map(({ part }) => part);
  expect(parts.slice(2)).toEqual([
    'high-convert',
    'high-validate',
    'high-full-train',
    'high-eval-shard-1',
  ]);
  const [, , convert, , trained] = ranIn('pilot');
  expect(convert?.configuration).toMatchObject({ view: 'trace' });
  expect(ranIn('full-train')[0]?.inputs['dataset']).toEqual(trained?.inputs['dataset']);
});

test('a candidate that diverges has lost, and the plan goes on', async () => {
  world.script['pilot'] = ['finish', 'finish', 'diverge'];
  const plan = await piloted('steep', [{ name: 'low' }, { name: 'wild', learningRate: 3 }]);
  const handle = await world.start(plan, plan.id);
  await handle.result();
  const { pilot } = await stateOf(handle);
  expect(pilot).toMatchObject({ chosen: 'low', trials: [{}, { name: 'wild', score: null }] });
  expect(pilot?.trials[1]?.message).toContain('not finite');
  expect(fullTrain().learningRate).toBe(0.004);
});

test('a pilot that would take the money of the training stops; the plan’s own values stand', async () => {
  world.script['pilot'] = ['hold'];
  // 100 fen a second; full-train is quoted at 301 s: two seconds are left for the pilot.
  const money = { capFen: 30_300, reserveFen: 0, approveBelowFen: 10_000_000 };
  const plan = await piloted('poor', CANDIDATES, { money: { ...money, approveBelowFen: 0 } });
  const hosts = { ...plan.hosts, pricePerHourFen: 360_000 };
  const handle = await world.start({ ...plan, hosts }, plan.id);
  await until('waits', async () => (await stateOf(handle)).status === 'awaiting-approval');
  await handle.executeUpdate('approve');
  await handle.result();
  const { pilot, stoppedAtCap } = await stateOf(handle);
  expect(pilot).toMatchObject({ ended: true, chosen: null });
  expect(pilot?.trials.map(({ score }) => score)).toEqual([null, null]);
  expect(pilot?.trials[1]?.message).toContain('for full-train');
  expect(fullTrain().learningRate).toBe(0.004);
  expect(stoppedAtCap).toBe(false);
});

test('pause, a lost host and a retry act on a pilot as on a training', async () => {
  world.script['pilot'] = ['lose-host', 'hold', 'finish'];
  const plan = await piloted('rough');
  const handle = await world.start(plan, plan.id);
  await until('holds', async () => {
    const { current } = await stateOf(handle);
    return current?.stage === 'pilot' && current.publishedStep === 2;
  });
  await handle.executeUpdate('pause');
  await until('is paused', async () => (await stateOf(handle)).status === 'paused');
  expect(world.hosts.hosts.filter(({ alive }) => alive)).toEqual([]);
  await handle.executeUpdate('resume');
  await handle.result();
  const { stages, interruptions } = await stateOf(handle);
  expect(stages[5]).toMatchObject({ name: 'pilot', status: 'finished', attempts: 6 });
  expect(interruptions.map(({ stage }) => stage)).toEqual(['pilot']);
  world.stages.ran.length = 0;
  world.stages.correct = { 'low-eval': 90, 'high-eval': 60 };
  await (await world.start(plan, plan.id, { retryFrom: 'pilot' })).result();
  expect(ranIn('pilot')).toHaveLength(4);
  expect(fullTrain().learningRate).toBe(0.004);
});
