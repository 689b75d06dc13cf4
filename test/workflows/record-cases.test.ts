import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ArtifactRef } from '../../src/contracts/base.js';
import { publishArtifact } from '../../src/store/artifacts.js';
import { Notes } from '../../src/store/notes.js';
import { until } from '../support/until.js';
import { stateOf, World } from './support/world.js';

let world: World;
let answers: Record<'eval-before' | 'eval-after', { answers: ArtifactRef }>;
beforeAll(async () => {
  world = await World.open();
  const published = async (right: readonly boolean[]) => {
    const lines = right.map((correct, i) => ({
      ...{ suite: 'arithmetic', id: `q${i}`, question: `${i}+1=?`, gold: `${i + 1}` },
      ...{ answer: 'an answer', extracted: null, correct },
    }));
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const folder = await mkdtemp(join(world.home, 'answers-'));
    await writeFile(join(folder, 'answers.jsonl'), text);
    return { answers: await publishArtifact(world.store, { folder, kind: 'answers' }) };
  };
  answers = {
    'eval-before': await published([true, false, false, true]),
    'eval-after': await published([true, true, false, false]),
  };
}, 60_000);
afterAll(() => world.close(), 60_000);
/** Of each test's training: work on the same model would be done already. */
let model: ArtifactRef = { digest: '4'.repeat(64), bytes: 1 };
beforeEach(() => {
  world.reset();
  model = { digest: String(Number(model.digest[0]) + 1).repeat(64), bytes: 1 };
  world.stages.artifacts = { ...answers, 'full-train': { model } };
});

const traced = () => world.stages.ran.filter(({ part }) => part === 'traces');
const casesOf = () =>
  traced().map(({ configuration }) => (configuration['cases'] as { id: string }[]).map(idOf));
const idOf = ({ id }: { id: string }): string => id;

async function carriedOut(id: string, options?: object): Promise<WorkflowHandle> {
  const handle = await world.start(await world.plan(id), id, options);
  await handle.result();
  return handle;
}

test('the cases by rule are decoded once more as they were evaluated, and the report gets them', async () => {
  const handle = await carriedOut('traced');
  const evaluated = world.stages.ran.find(({ stage }) => stage === 'eval-after')!;
  const { configuration, inputs, stage } = traced()[0]!;
  const ids = ['q1', 'q2', 'q3'].map((id) => ({ suite: 'arithmetic', id }));
  expect(stage).toBe('report');
  const { shard: _part, ...whole } = evaluated.configuration;
  expect(configuration).toEqual({ ...whole, cases: ids });
  expect(inputs).toMatchObject({
    base: { digest: 'b'.repeat(64) },
    model,
    before: answers['eval-before'].answers,
    after: answers['eval-after'].answers,
  });
  expect(world.reported).toMatchObject({ traces: { digest: '3'.repeat(64) }, notTraced: null });
  expect(world.aliveAtReport).toBe(0);
  const state = await stateOf(handle);
  expect(state.stages.at(-1)).toMatchObject({ name: 'report', status: 'finished', attempts: 1 });
  const both = { before: answers['eval-before'].answers, after: answers['eval-after'].answers };
  expect(state.answers).toEqual(both);
  expect(world.summaryOf('traced').evaluation.answers).toEqual(both);
});

test('a report made anew decodes nothing, but what a person has picked since', async () => {
  await carriedOut('anew');
  await carriedOut('anew', { retryFrom: 'report' });
  expect(casesOf()).toEqual([['q1', 'q2', 'q3']]);
  expect(world.reported?.traces).toEqual({ digest: '3'.repeat(64), bytes: 1 });
  const picks = [{ suite: 'arithmetic', id: 'q0', comment: null }];
  await new Notes(world.store, 'anew').add({ type: 'cases', picks, at: new Date().toISOString() });
  await carriedOut('anew', { retryFrom: 'report' });
  expect(casesOf()).toEqual([['q1', 'q2', 'q3'], ['q0']]);
  expect(world.aliveAtReport).toBe(0);
});

test('cases that cannot be decoded leave a report that says why', async () => {
  world.script['report'] = ['diverge'];
  const handle = await carriedOut('untraced');
  expect(world.reported).toMatchObject({
    traces: null,
    notTraced: 'loss is not finite at step 2',
  });
  const { stages, status } = await stateOf(handle);
  expect(status).toBe('finished');
  expect(stages.at(-1)).toMatchObject({ name: 'report', status: 'finished', message: null });
});

test('a pause while cases are decoded gives the host back, and they are decoded after it', async () => {
  world.script['report'] = ['hold'];
  const handle = await world.start(await world.plan('held'), 'held');
  await until('the cases are being decoded', async () => {
    const { current } = await stateOf(handle);
    return current?.stage === 'report' && current.publishedStep !== null;
  });
  expect(await handle.executeUpdate('pause')).toContain('report');
  await until('paused', async () => (await stateOf(handle)).status === 'paused');
  expect(world.hosts.hosts.filter(({ alive }) => alive)).toEqual([]);
  await handle.executeUpdate('resume');
  await handle.result();
  expect(world.reported?.traces).toEqual({ digest: '3'.repeat(64), bytes: 1 });
});

test('a cancel while cases are decoded ends the plan', async () => {
  world.script['report'] = ['hold'];
  const handle = await world.start(await world.plan('ended'), 'ended');
  await until('the cases are being decoded', async () => {
    const { current } = await stateOf(handle);
    return current?.stage === 'report' && current.publishedStep !== null;
  });
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  expect(world.reported).toBeNull();
  expect(world.hosts.hosts.filter(({ alive }) => alive)).toEqual([]);
});
