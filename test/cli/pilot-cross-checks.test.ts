import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { planFacts } from '../../src/cli/plan-facts.js';
import { checkPlanFile, loadPlan } from '../../src/cli/plan-file.js';

const PLAN = `id: mine
title: A plan with a pilot
base: { kind: hub, repo: Dream-org/Dream-v0-Instruct-7B }
data:
  source: { kind: generated, generator: arithmetic, rows: 10 }
training: { steps: 30, learningRate: 0.001 }
evaluation:
  suites: [{ name: gsm8k, questions: 2, file: test.jsonl }]
  sampling: { maxNewTokens: 16, steps: 16, blockLength: 4 }
checkpoints: { everySteps: 10 }
pilot:
  candidates:
    - { name: low }
    - { name: high, learningRate: 0.004, view: trace }
  suite: { name: gsm8k, questions: 2, file: train.jsonl }
hosts: { provider: manual, gpuClass: a, pricePerHourCny: 1.5 }
money: { capCny: 10, reserveCny: 4 }
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dream-sft-pilot-'));
  await questions('test.jsonl', 'What is 1 + 1?', 'What is 2 + 2?');
  await questions('train.jsonl', 'What is 3 + 3?', 'What is 4 + 4?');
});
afterEach(() => rm(folder, { recursive: true }));

async function questions(name: string, ...texts: string[]): Promise<void> {
  const lines = texts.map((question) => JSON.stringify({ question, answer: '#### 2' }));
  await writeFile(join(folder, name), `${lines.join('\n')}\n`);
}

async function write(text: string): Promise<string> {
  const path = join(folder, 'mine.yaml');
  await writeFile(path, text);
  return path;
}

async function mistakesOf(text: string): Promise<string[]> {
  const { mistakes } = await checkPlanFile(await write(text));
  return mistakes.map(({ path, message }) => `${path}: ${message}`);
}

test('a pilot goes with its plan to the workflow, its file found from there', async () => {
  const path = await write(PLAN);
  const plan = await loadPlan(path);
  expect(plan.pilot?.suite.file).toBe(join(folder, 'train.jsonl'));
  expect(plan.pilot?.epochs).toBe(1);
  const without = await loadPlan(await write(PLAN.replace(/pilot:[^]*?hosts/, 'hosts')));
  expect(without).not.toHaveProperty('pilot');
  expect(without.digest).not.toBe(plan.digest);
  const { text } = await checkPlanFile(await write(PLAN));
  const facts = planFacts(text!, 'mine.yaml').split('\n');
  expect(facts).toContain('  9 stages, download to report');
  expect(facts).toContain('  pilot: low, high, 1 epoch each, scored on 2 questions');
});

test('the questions of the evaluation are refused by file, and by text', async () => {
  expect(await mistakesOf(PLAN.replace('train.jsonl', 'test.jsonl'))).toEqual([
    'pilot.suite: asks the questions of evaluation.suites.0; use others',
  ]);
  await questions('train.jsonl', 'what is  1 + 1?', 'What is 4 + 4?');
  expect(await mistakesOf(PLAN)).toEqual([
    'pilot.suite: shares 1 question with evaluation.suites.0; what judges the result must not choose it: use a training set',
  ]);
});

test('questions may come from the hub, the evaluation’s own not twice', async () => {
  const from = (split: string) =>
    `source: { kind: hub, repo: openai/gsm8k, repoType: dataset, files: [main/${split}-*.parquet] }`;
  const remote = PLAN.replace('file: test.jsonl', from('test'));
  expect(await mistakesOf(remote.replace('file: train.jsonl', from('train')))).toEqual([]);
  expect(await mistakesOf(remote.replace('file: train.jsonl', from('test')))).toEqual([
    'pilot.suite: asks the questions of evaluation.suites.0; use others',
  ]);
  expect(
    await mistakesOf(PLAN.replace('file: test.jsonl', `file: test.jsonl, ${from('test')}`)),
  ).toEqual(['evaluation.suites.0: file and source are both given; keep one']);
});

test('names are told twice, files that are not there and suites without one too', async () => {
  expect(await mistakesOf(PLAN.replace('name: high', 'name: low'))).toEqual([
    'pilot.candidates.1.name: low is taken',
  ]);
  expect(await mistakesOf(PLAN.replace(', file: train.jsonl', ''))).toEqual([
    'pilot.suite: gsm8k needs its questions: file (JSONL or Parquet), or source to fetch them',
  ]);
  const absent = await mistakesOf(PLAN.replace('train.jsonl', 'none.jsonl'));
  expect(absent).toEqual([`pilot.suite.file: there is no file ${join(folder, 'none.jsonl')}`]);
});
