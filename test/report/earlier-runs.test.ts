import { expect, test } from 'vitest';
import type { StageResult } from '../../src/contracts/outcome.js';
import { withEarlierRuns } from '../../src/report/earlier-runs.js';
import { Chain } from '../../src/store/chain.js';
import { localStore } from '../store/support/examples.js';
import { exampleData, POST_MORTEM } from './support/example.js';

const KEY = 'e'.repeat(64);
const at = (time: string) => `2026-11-24T${time}.000Z`;
const from = (time: string) => ({ now: () => new Date(at(time)) });
const FULL_TRAIN = { stage: 'full-train', host: 'autodl-a1', boot: 'b', attempt: 1 } as const;

/** A training that lost its host once, told by a run that found it done. */
async function madeAnew(planId: string) {
  const [{ plan, state: told }, store] = await Promise.all([exampleData(), localStore()]);
  const attempt = { ...FULL_TRAIN, planId, run: 'first' };
  await new Chain(store, KEY, from('10:00:00')).acquire(attempt);
  const chain = new Chain(store, KEY, from('10:02:00'));
  const { token } = await chain.acquire({ ...attempt, attempt: 2 });
  await chain.postMortem(POST_MORTEM);
  await new Chain(store, KEY, from('10:30:00')).end(token, 'finished', 200);
  const result = {
    ...{ stage: 'full-train', stageKey: KEY, planId, artifacts: {}, seconds: 1600 },
    finishedAt: at('10:29:50'),
  } as unknown as StageResult;
  const idle = { cached: true, seconds: 0, startedAt: null, finishedAt: null };
  const stages = told.stages.map((stage) => ({ ...stage, ...idle }));
  const state = { ...told, stages, interruptions: [] };
  const after = await withEarlierRuns({ plan, state, results: { 'full-train': result }, store });
  const { startedAt, finishedAt, seconds } = after.stages.find(
    ({ name }) => name === 'full-train',
  )!;
  return { interruptions: after.interruptions, stage: { startedAt, finishedAt, seconds } };
}

test('a report that is made anew tells of what the training lived through', async () => {
  const { plan } = await exampleData();
  const { interruptions, stage } = await madeAnew(plan.id);
  expect(interruptions).toEqual([POST_MORTEM]);
  expect(stage).toEqual({
    startedAt: at('10:00:00'),
    finishedAt: at('10:30:00'),
    seconds: 1800,
  });
});

test('what another plan has done and lived through stays that plan’s', async () => {
  const { interruptions, stage } = await madeAnew('another');
  expect(interruptions).toEqual([]);
  expect(stage).toEqual({ startedAt: null, finishedAt: null, seconds: 0 });
});

test('what this run tells itself stands once and as it tells it', async () => {
  const [{ plan, state }, store] = await Promise.all([exampleData(), localStore()]);
  await new Chain(store, KEY).acquire({ ...FULL_TRAIN, planId: plan.id });
  await new Chain(store, KEY).postMortem(POST_MORTEM);
  const after = await withEarlierRuns({ plan, state, results: {}, chains: [KEY], store });
  expect(after).toEqual(state);
});
