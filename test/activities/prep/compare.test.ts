import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityCancellationDetails } from '@temporalio/common';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPrepActivities } from '../../../src/activities/create-prep-activities.js';
import type { StageInput } from '../../../src/contracts/activities.js';
import type { StageOutcome } from '../../../src/contracts/outcome.js';
import { comparedOf } from '../../../src/contracts/verdict.js';
import { publishArtifact, readManifest } from '../../../src/store/artifacts.js';
import { readResult } from '../../../src/store/results.js';
import { comparison, suiteComparison } from '../../helpers/comparison.js';
import { until } from '../../support/until.js';
import { CODE, failure, type Lab, openLab, quietEnvironment, type Script } from '../support/lab.js';

const DOCUMENT = comparison(suiteComparison());
const WRITES = { comparison: JSON.stringify(DOCUMENT) };
const SCORES = { suites: {}, secondsPerQuestion: 0.5, answersThisAttempt: 0 };

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

const runDir = (): string => join(lab.home, 'runs', 'p', 'eval-after', 'compare');

async function answersOf(name: string) {
  const folder = join(lab.home, 'made', name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'answers.jsonl'), `{"of": "${name}"}\n`);
  await writeFile(join(folder, 'scores.json'), JSON.stringify(SCORES));
  return publishArtifact(lab.store, { folder, kind: 'answers' });
}

/** Answers of after and before, and what `compare` does with them. */
async function comparing(script: Script, more: readonly string[] = []): Promise<StageInput> {
  await mkdir(runDir(), { recursive: true });
  await writeFile(join(runDir(), 'script.json'), JSON.stringify(script));
  const names = ['before', 'after', 'run', ...more];
  const inputs = await Promise.all(names.map(async (name) => [name, await answersOf(name)]));
  return {
    ...{ planId: 'p', stage: 'eval-after', part: 'compare', stageKey: 'b'.repeat(64) },
    ...{ codeDigest: CODE, configuration: { canvases: [] }, inputs: Object.fromEntries(inputs) },
  } as const;
}

const compare = (input: StageInput, env = quietEnvironment()): Promise<StageOutcome> =>
  env.run(() => createPrepActivities(lab.deps).compare(input));

async function left(outcome: StageOutcome) {
  if (outcome.kind !== 'finished') throw new Error(outcome.kind);
  const { metrics, artifacts } = outcome.result;
  if (metrics.kind !== 'evaluate') throw new Error(metrics.kind);
  const { files } = await readManifest(lab.store, artifacts['answers']!.digest);
  return { metrics, artifacts, files: files.map(({ path }) => path).sort() };
}

async function specOf(): Promise<Record<string, unknown>> {
  const [line] = (await readFile(join(runDir(), 'specs.jsonl'), 'utf8')).split('\n');
  return JSON.parse(line!) as Record<string, unknown>;
}

test('answers, scores and what changed are one artifact; the verdict goes with the result', async () => {
  const input = await comparing([WRITES], ['dataset']);
  const { metrics, files, artifacts } = await left(await compare(input));
  expect(files).toEqual(['answers.jsonl', 'comparison.json', 'scores.json']);
  expect(metrics).toEqual({
    kind: 'evaluate',
    evaluate: SCORES,
    comparison: comparedOf(DOCUMENT),
  });
  expect(artifacts['run']).toEqual(input.inputs['run']);
  expect(await specOf()).toMatchObject({
    command: 'compare',
    before: [expect.any(String)],
    dataset: expect.any(String),
  });
  expect(await specOf()).not.toHaveProperty('anchor');
});

test('a second asking, the anchor and the canvases are compared too', async () => {
  const more = ['again', 'anchor-published', 'anchor-default', 'canvas-256', 'canvas-512'];
  const input = await comparing([WRITES], more);
  await left(await compare({ ...input, configuration: { canvases: [256, 512] } }));
  const spec = await specOf();
  const folders = [expect.any(String)];
  expect(spec).toMatchObject({
    again: folders,
    anchor: { published: folders, default: folders },
    canvases: [
      { maxNewTokens: 256, answers: folders },
      { maxNewTokens: 512, answers: folders },
    ],
  });
});

test.each<[string, Script[number], RegExp]>([
  ['refuses', { end: 65, at: 0 }, /told to at 0; one; two/],
  ['dies', { end: 'kill', at: 0 }, /ended by SIGKILL/],
  ['writes nonsense', { comparison: '{"version": 1}' }, /left no comparison.json/],
])('the answers stand when compare %s', async (_how, script, why) => {
  const { metrics, files } = await left(await compare(await comparing([script])));
  expect(files).toContain('answers.jsonl');
  expect(metrics).not.toHaveProperty('comparison');
  expect(metrics.notCompared).toMatch(why);
});

test('the answers stand when those of before are damaged in the store', async () => {
  const input = await comparing([WRITES]);
  const before = { digest: 'f'.repeat(64), bytes: 1 };
  const outcome = await compare({ ...input, inputs: { ...input.inputs, before } });
  expect((await left(outcome)).metrics.notCompared).toMatch(/^before: /);
});

test('without answers of after there is nothing that could stand', async () => {
  const input = await comparing([WRITES]);
  const after = { digest: 'f'.repeat(64), bytes: 1 };
  const outcome = compare({ ...input, inputs: { ...input.inputs, after } });
  expect((await failure(outcome)).type).toBe('BadData');
});

test('stopped while it compares it leaves no result; the next attempt compares', async () => {
  const input = await comparing([{ end: 'wait', at: 0 }, WRITES]);
  const env = quietEnvironment();
  const first = compare(input, env);
  await until('compare runs', async () => existsSync(join(runDir(), 'specs.jsonl')));
  env.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
  expect(await first).toEqual({ kind: 'stopped', checkpoint: null });
  expect(await readResult(lab.store, input.stageKey)).toBeUndefined();
  expect((await left(await compare(input))).metrics.comparison?.verdict).toBe('better');
});
