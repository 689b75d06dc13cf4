import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGpuActivities } from '../../../src/activities/create-gpu-activities.js';
import type { StageInput } from '../../../src/contracts/activities.js';
import type { ArtifactRef } from '../../../src/contracts/base.js';
import { SamplingConfig } from '../../../src/contracts/sampling.js';
import { SampleTrace } from '../../../src/contracts/trace.js';
import { AnswerRecord } from '../../../src/report/report-data.js';
import { readLines } from '../../../src/report/lines.js';
import { materialise, readManifest } from '../../../src/store/artifacts.js';
import { type Lab, quietEnvironment } from '../support/lab.js';
import { downloadAndConvert, hasTrainer, inputOf, openRealLab } from '../support/real.js';

const evaluation = {
  suites: [{ name: 'arithmetic', questions: 12, seed: 7 }],
  suiteVersions: { arithmetic: 2 },
  // Drawn, so that an answer that is the same was asked with the same seeds.
  sampling: SamplingConfig.parse({
    maxNewTokens: 16,
    blockLength: 4,
    temperature: 0.9,
    topP: 0.95,
  }),
  batchSize: 3,
  systemPrompt: null,
  modelFolder: '',
  device: 'cpu',
  threads: 1,
};

let lab: Lab;
let inputs: Readonly<Record<string, ArtifactRef>>;

async function carriedOut(name: 'evaluate' | 'traceCases', input: StageInput) {
  const outcome = await quietEnvironment().run(createGpuActivities(lab.deps)[name], input);
  if (outcome.kind !== 'finished') throw new Error(outcome.kind);
  return outcome.result;
}

async function linesOf(ref: ArtifactRef, file: string) {
  const folder = join(lab.home, 'read', ref.digest);
  await materialise(lab.store, ref, folder);
  return join(folder, file);
}

describe.skipIf(!hasTrainer)('traces of the cases (needs .venv: npm run setup)', () => {
  beforeAll(async () => {
    lab = await openRealLab();
    const { base, tokenizer } = await downloadAndConvert(lab);
    inputs = { model: base, tokenizer };
  }, 300_000);
  afterAll(() => lab.close());

  test('are those of the evaluated answers, before and after', { timeout: 300_000 }, async () => {
    const asked = inputOf('eval-before', '3', evaluation, inputs);
    const evaluated = (await carriedOut('evaluate', asked)).artifacts['answers']!;
    const answers = await readLines(await linesOf(evaluated, 'answers.jsonl'), AnswerRecord);
    const cases = [answers[7]!, answers[2]!].map(({ suite, id }) => ({ suite, id }));
    const given = { ...inputs, base: inputs['model']!, before: evaluated, after: evaluated };
    const input = inputOf('report', '4', { ...evaluation, cases }, given);
    const result = await carriedOut('traceCases', { ...input, part: 'traces' });
    expect(result.metrics).toMatchObject({
      kind: 'trace',
      before: { cases: 2, asEvaluated: 2, otherwise: 0 },
      after: { cases: 2, asEvaluated: 2, otherwise: 0 },
    });
    const traces = result.artifacts['traces']!;
    const { files } = await readManifest(lab.store, traces.digest);
    expect(files.map(({ path }) => path).sort()).toEqual(['after.jsonl', 'before.jsonl']);
    for (const side of ['before.jsonl', 'after.jsonl']) {
      const lines = await readLines(await linesOf(traces, side), SampleTrace);
      expect(lines.map(({ suite, id }) => ({ suite, id }))).toEqual(cases);
      expect(lines.map(({ answer }) => answer)).toEqual([answers[7]!.answer, answers[2]!.answer]);
    }
    // The report's own folder holds the report alone.
    const log = await readFile(join(lab.home, 'runs', 'p', 'traces', 'trace.log'), 'utf8');
    expect(log).toContain('2 cases decoded, 2 of them as evaluated');
  });
});
