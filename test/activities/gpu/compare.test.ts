import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityCancellationDetails } from '@temporalio/common';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StageInput } from '../../../src/contracts/activities.js';
import type { StageOutcome } from '../../../src/contracts/outcome.js';
import { comparedOf } from '../../../src/contracts/verdict.js';
import { readManifest } from '../../../src/store/artifacts.js';
import { comparison, suiteComparison } from '../../helpers/comparison.js';
import { until } from '../../support/until.js';
import { attempt, chainOf, type Lab, openLab, type Script, stageOf } from '../support/lab.js';

const DOCUMENT = comparison(suiteComparison());
const WRITES = { comparison: JSON.stringify(DOCUMENT) };

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

/** eval-after with answers of before; the second script is that of `compare`. */
async function evaluation(script: Script, compare: Script): Promise<StageInput> {
  const input = await stageOf(lab, 'eval-after', script);
  const runDir = compareFolder();
  await mkdir(runDir, { recursive: true });
  await writeFile(join(runDir, 'script.json'), JSON.stringify(compare));
  return { ...input, inputs: { ...input.inputs, before: input.inputs['model']! } };
}

const compareFolder = (): string => join(lab.home, 'runs', 'p', 'eval-after', 'compare');

async function left(outcome: StageOutcome) {
  if (outcome.kind !== 'finished') throw new Error(outcome.kind);
  const { metrics, artifacts } = outcome.result;
  if (metrics.kind !== 'evaluate') throw new Error(metrics.kind);
  const { files } = await readManifest(lab.store, artifacts['answers']!.digest);
  return { metrics, files: files.map(({ path }) => path).sort() };
}

test('answers and what changed are one artifact; the verdict goes with the result', async () => {
  const input = await evaluation([{}], [WRITES]);
  const { metrics, files } = await left(await attempt(lab.deps, input).outcome);
  expect(files).toEqual(['comparison.json', 'model.safetensors']);
  expect(metrics.comparison).toEqual(comparedOf(DOCUMENT));
  expect(metrics).not.toHaveProperty('notCompared');
  const [line] = (await readFile(join(compareFolder(), 'specs.jsonl'), 'utf8')).split('\n');
  const spec = JSON.parse(line!) as Record<string, unknown>;
  expect(spec).toMatchObject({ command: 'compare', after: [spec['output']] });
  expect(spec['dataset']).toEqual(expect.any(String));
  expect(spec['before']).toEqual([expect.any(String)]);
});

test('without answers of before there is nothing to compare', async () => {
  const input = await stageOf(lab, 'eval-before', [{}]);
  const { metrics, files } = await left(await attempt(lab.deps, input).outcome);
  expect(files).toEqual(['model.safetensors']);
  expect(Object.keys(metrics).sort()).toEqual(['evaluate', 'kind']);
});

test.each<[string, Script[number], RegExp]>([
  ['refuses', { end: 65, at: 0 }, /told to at 0; one; two/],
  ['dies', { end: 'kill', at: 0 }, /ended by SIGKILL/],
  ['writes nonsense', { comparison: '{"version": 1}' }, /left no comparison.json/],
])('the answers stand when compare %s', async (_how, compare, why) => {
  const input = await evaluation([{}], [compare]);
  const { metrics, files } = await left(await attempt(lab.deps, input).outcome);
  expect(files).toEqual(['model.safetensors']);
  expect(metrics).not.toHaveProperty('comparison');
  expect(metrics.notCompared).toMatch(why);
});

test('the answers stand when those of before are damaged in the store', async () => {
  const input = await evaluation([{}], [WRITES]);
  const before = { digest: 'f'.repeat(64), bytes: 1 };
  const damaged = { ...input, inputs: { ...input.inputs, before } };
  const { metrics } = await left(await attempt(lab.deps, damaged).outcome);
  expect(metrics.notCompared).toMatch(/^before: /);
});

test('stopped while it compares, the attempt keeps its answers, and the next one compares', async () => {
  const input = await evaluation([{ steps: 4 }], [{ end: 'wait', at: 0 }, WRITES]);
  const first = attempt(lab.deps, input);
  await until('compare runs', async () => existsSync(join(compareFolder(), 'specs.jsonl')));
  first.env.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
  const outcome = await first.outcome;
  expect(outcome).toMatchObject({ kind: 'stopped', checkpoint: { step: 4 } });
  const second = attempt(lab.deps, input, { attempt: 2 });
  const { metrics } = await left(await second.outcome);
  expect(metrics.comparison?.verdict).toBe('better');
  expect(metrics.evaluate.answersThisAttempt).toBe(0);
  expect((await chainOf(lab, input)).attempts.map(({ ended }) => ended?.how)).toEqual([
    'stopped',
    'finished',
  ]);
});
