import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
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
});

/** 200 questions in batches of 50, in so many shards; no other plan asks the same. */
async function sharded(
  id: string,
  shards: number,
  more: Partial<ResolvedPlan['evaluation']> = {},
): Promise<ResolvedPlan> {
  const plan = await world.plan(id);
  const suites = [{ name: 'arithmetic', questions: 200, seed: plan.training.seed } as const];
  return { ...plan, evaluation: { ...plan.evaluation, suites, shards, ...more } };
}

const asked = (stage: string) =>
  world.stages.ran
    .filter((input) => input.stage === stage)
    .map(({ configuration }) => configuration['shard']);

test('shards are asked side by side and gathered under a key that does not know their number', async () => {
  const plan = await sharded('four', 4);
  const handle = await world.start(plan, plan.id);
  await handle.result();
  const bounds = [0, 50, 100, 150].map((from) => ({ from, to: from + 50 }));
  expect(asked('eval-before')).toHaveLength(4);
  expect(asked('eval-before')).toEqual(expect.arrayContaining(bounds));
  const [gathered] = world.stages.joined;
  expect(gathered?.configuration).toEqual({ questions: { arithmetic: 200 } });
  expect(Object.keys(gathered!.inputs)).toEqual(['shard-1', 'shard-2', 'shard-3', 'shard-4']);
  const { stages, answering } = await stateOf(handle);
  expect(stages[4]).toMatchObject({ name: 'eval-before', status: 'finished', attempts: 4 });
  expect(answering).toBeNull();
  // What shards of this run or an earlier one had to give up is told in the report.
  const keys = world.stages.ran.map((input) => input.stageKey);
  expect(world.reported!.chains).toEqual(expect.arrayContaining(keys));
  world.stages.ran.length = 0;
  const two = { ...plan, id: 'two', evaluation: { ...plan.evaluation, shards: 2 } };
  const again = await world.start(two, two.id);
  await again.result();
  expect(world.stages.ran).toEqual([]);
  expect(world.reported!.chains).toEqual(expect.arrayContaining([keys[0]]));
  expect((await stateOf(again)).stages[4]).toMatchObject({ cached: true });
});

test('a lost host costs its shard an attempt and the others none', async () => {
  world.script['eval-before'] = ['lose-host'];
  const plan = await sharded('lost', 4);
  const handle = await world.start(plan, plan.id);
  await handle.result();
  expect(asked('eval-before')).toHaveLength(4);
  const { stages, interruptions } = await stateOf(handle);
  expect(stages[4]).toMatchObject({ status: 'finished', attempts: 5 });
  expect(interruptions).toMatchObject([{ stage: 'eval-before', kind: 'host-lost' }]);
});

test('paused with a shard done, the plan goes on with the others and tells how far it is', async () => {
  world.script['eval-before'] = ['finish', 'hold', 'hold', 'hold'];
  const plan = await sharded('held', 4);
  const handle = await world.start(plan, plan.id);
  await until('one is done', async () => (await stateOf(handle)).answering?.finished === 1);
  expect((await stateOf(handle)).answering).toEqual({
    ...{ stage: 'eval-before', what: null, questions: 200, shards: 4, finished: 1 },
    tallies: [{ suite: 'arithmetic', correct: 1, done: 2 }],
  });
  await until('three hold', async () => (await stateOf(handle)).current?.publishedStep === 3);
  await handle.executeUpdate('pause');
  await until('is paused', async () => (await stateOf(handle)).status === 'paused');
  expect(world.hosts.hosts.filter(({ alive }) => alive)).toEqual([]);
  await handle.executeUpdate('resume');
  await handle.result();
  expect(asked('eval-before')).toHaveLength(4);
  expect((await stateOf(handle)).stages[4]).toMatchObject({ status: 'finished', attempts: 7 });
});

test('cancelled amid its shards, a plan that is started again asks only what was not answered', async () => {
  world.script['eval-before'] = ['finish', 'hold'];
  const plan = await sharded('stopped', 2);
  const first = await world.start(plan, plan.id);
  await until('one is done', async () => (await stateOf(first)).answering?.finished === 1);
  await first.cancel();
  await expect(first.result()).rejects.toThrow();
  const second = await world.start(plan, plan.id);
  await second.result();
  expect(asked('eval-before')).toHaveLength(2);
});

test('checks are asked beside the evaluation and compared with it', async () => {
  const gsm8k = { name: 'gsm8k', questions: 100, seed: 0, file: '/gsm8k.jsonl' } as const;
  const plan = await sharded('checked', 1, {
    suites: [gsm8k],
    again: { batchSize: 25 },
    anchor: { questions: 20, maxNewTokens: 16 },
    canvases: { questions: 10, sizes: [24, 48] },
  });
  world.stages.correct = { 'anchor-published': 130, 'anchor-default': 100 };
  const handle = await world.start(plan, plan.id);
  await handle.result();
  world.stages.correct = {};
  const { anchor } = await stateOf(handle);
  expect(anchor).toEqual({ n: 200, published: 130, default: 100, holds: false });
  const parts = world.stages.ran
    .filter(({ stage }) => stage.startsWith('eval-'))
    .map(({ stage, part }) => `${stage} ${part}`);
  expect(parts).toEqual([
    'eval-before shard-1',
    'eval-before again-shard-1',
    'eval-before anchor-published-shard-1',
    'eval-before anchor-default-shard-1',
    'eval-after shard-1',
    'eval-after canvas-24-shard-1',
    'eval-after canvas-48-shard-1',
  ]);
  const compared = world.stages.joined.at(-1);
  expect(compared).toMatchObject({ part: 'compare', configuration: { canvases: [24, 48] } });
  expect(Object.keys(compared!.inputs).sort()).toEqual([
    'after',
    'again',
    'anchor-default',
    'anchor-published',
    'before',
    'canvas-24',
    'canvas-48',
    'dataset',
  ]);
});
