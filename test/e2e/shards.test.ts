import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlan } from '../../src/cli/start-plan.js';
import { readSummary } from '../../src/cli/summary-file.js';
import { signalGroup } from '../../src/processes/identity.js';
import { startHost } from '../helpers/hosts.js';
import { smallPlan } from '../helpers/plans.js';
import { answersOf, chainsOf, forget, resultOf } from '../helpers/results.js';
import { System } from '../helpers/system.js';
import { closed, midway } from '../helpers/watching.js';

/** Little training: what is looked at is the evaluation. */
const SETTINGS = [
  'hosts.provider=manual',
  'training.steps=4',
  'training.documentsPerStep=16',
  'training.documentsPerMicroBatch=16',
  'data.source.rows=200',
  'evaluation.suites.0.questions=240',
  'evaluation.batchSize=4',
];

let system: System;
beforeAll(async () => {
  system = await System.start();
  await startHost(system, 'first');
  await startHost(system, 'second');
}, 60_000);
afterAll(() => system?.close());

async function carryOut(id: string, shards: number, meanwhile: () => Promise<void>) {
  const plan = await smallPlan(id, [...SETTINGS, `evaluation.shards=${shards}`]);
  await startPlan(system.client, plan);
  await meanwhile();
  expect(await closed(system, id)).toBe('COMPLETED');
  const { interruptions, evaluation } = await readSummary(system.home, id);
  const evaluated = await resultOf(system.store, 'eval-before');
  const answers = await answersOf(system.store, evaluated!.artifacts['answers']!);
  return { interruptions, scores: scoresOf(evaluation.before), answers };
}

/** All that does not tell how long something took. */
const scoresOf = (suites: Record<string, object>) =>
  Object.fromEntries(
    Object.entries(suites).map(([suite, score]) => [suite, { ...score, seconds: 0 }]),
  );

test('a host that is killed costs its shard one attempt, and the totals are those of one shard', async () => {
  const straight = await carryOut('straight', 1, async () => undefined);
  expect(straight.interruptions).toEqual([]);
  expect(new Set(straight.answers.map(({ id }) => id)).size).toBe(240);
  await forget(system.store, 'eval-before');

  const killed = await carryOut('killed', 3, async () => {
    const { workerPid, trainerPid } = await midway(system, 'killed', 'eval-before');
    process.kill(workerPid, 'SIGKILL');
    signalGroup(trainerPid, 'SIGKILL');
  });
  expect(killed.scores).toEqual(straight.scores);
  expect(killed.answers).toEqual(straight.answers);
  expect(killed.interruptions.map(({ stage, kind }) => [stage, kind])).toEqual([
    ['eval-before', 'host-lost'],
  ]);
  const chains = await chainsOf(system.store, 'killed', 'eval-before');
  const attempts = chains.map(({ chain }) => chain.attempts.length);
  expect(attempts.toSorted((a, b) => a - b)).toEqual([1, 1, 2]);
  const hosts = chains.flatMap(({ chain }) => chain.attempts.map(({ host }) => host));
  expect(new Set(hosts).size).toBe(2);
});
