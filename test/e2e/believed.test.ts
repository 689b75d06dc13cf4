import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readState } from '../../src/cli/plan-handle.js';
import { startPlan } from '../../src/cli/start-plan.js';
import { readSummary } from '../../src/cli/summary-file.js';
import { Comparison } from '../../src/contracts/comparison.js';
import { cli } from '../helpers/cli.js';
import { smallPlan } from '../helpers/plans.js';
import { System } from '../helpers/system.js';
import { closed, until } from '../helpers/watching.js';

const ID = 'believed';
/** Little training: what is looked at is all that is asked beside the evaluation. */
const SETTINGS = [
  'training.steps=8',
  'training.documentsPerStep=16',
  'training.documentsPerMicroBatch=16',
  'data.source.rows=200',
  'evaluation.again={ batchSize: 3 }',
  'evaluation.anchor={ questions: 6, maxNewTokens: 32 }',
  'evaluation.canvases={ questions: 6, sizes: [24, 32, 48] }',
];

/** Of a busy machine: the trainer starts more than ten times. */
const PATIENCE_MS = 280_000;

let system: System;
beforeAll(async () => {
  system = await System.start();
});
afterAll(() => system?.close());

/** Additions in the form of GSM8K's file. */
function suites(): string {
  const file = join(system.home, 'gsm8k.jsonl');
  const rows = Array.from({ length: 6 }, (_, i) => ({
    question: `${31 + i}+${64 - 3 * i}=?`,
    answer: `#### ${95 - 2 * i}`,
  }));
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return `evaluation.suites=[{ name: arithmetic, questions: 12 }, { name: gsm8k, questions: 6, file: ${file} }]`;
}

const reportOf = async (kind: 'html' | 'markdown'): Promise<string> =>
  readFileSync((await readSummary(system.home, ID)).report[kind]!, 'utf8');

test('again, anchor and canvases are asked, compared and told', async () => {
  await startPlan(system.client, await smallPlan(ID, [...SETTINGS, suites()]));
  expect((await cli(system, 'tick', ID, 'masked-diffusion-read')).stderr).toBe('');
  expect(await closed(system, ID, PATIENCE_MS)).toBe('COMPLETED');
  expect((await readState(system.client, ID)).anchor).toMatchObject({ n: 6, holds: false });
  const path = join('report', 'inputs', 'eval-after', 'answers', 'comparison.json');
  const text = readFileSync(join(system.home, 'runs', ID, path), 'utf8');
  const { suites: compared, anchor, canvasCheck } = Comparison.parse(JSON.parse(text));
  expect(compared.map(({ suite, n, flips }) => [suite, n, flips?.n])).toEqual([
    ['arithmetic', 12, 12],
    ['gsm8k', 6, 6],
  ]);
  expect(anchor).toMatchObject({ n: 6, holds: false });
  expect(canvasCheck!.canvases.map(({ maxNewTokens, n }) => [maxNewTokens, n])).toEqual([
    [24, 6],
    [32, 6],
    [48, 6],
  ]);
  const page = await reportOf('html');
  expect(page).toContain('role="alert">This harness does not reproduce the published model');
  expect(page).toContain('asked again at another batch size');
  expect(page).toContain('id="canvasCheck"');
  expect(page).toContain('ticked on ');
  const cases = page.match(/class="case"/g)!.length;
  expect(page.match(/class="denoising"/g)).toHaveLength(2 * cases);
});

test('what a person adds stands in the report that is made anew', async () => {
  const picked = ['--pick', 'gsm8k:2', '--comment', 'two digits and no carry'];
  for (const command of [
    ['note', ID, 'the mirror was down: took the weights from the bucket'],
    ['note', ID, 'killed the worker at step 4', '--drill'],
    ['cases', ID, ...picked, '--pick', 'arithmetic:none'],
    ['cases', ID, ...picked],
    ['retry', ID, '--from', 'report'],
  ]) {
    const { exitCode, stderr } = await cli(system, ...command);
    const wrong = command.includes('arithmetic:none');
    expect([exitCode, stderr.split('\n')[0]]).toEqual(wrong ? [4, 'Nothing was chosen.'] : [0, '']);
  }
  await until(system, ID, 'has ended again', ({ status }) => status === 'finished', PATIENCE_MS);
  expect(await closed(system, ID)).toBe('COMPLETED');
  const page = await reportOf('html');
  expect(page.match(/class="case"/g)).toHaveLength(1);
  expect(page.match(/class="denoising"/g)).toHaveLength(2);
  for (const said of [
    'Chosen by hand, not by rule.',
    'gsm8k:2',
    'two digits and no carry',
    'the mirror was down: took the weights from the bucket',
  ]) {
    expect(page).toContain(said);
  }
  // Nobody wrote down why the tiny model is trained as it is.
  const missing = (await reportOf('markdown'))
    .split('\n')
    .filter((line) => line.includes('✗ missing'));
  expect(missing).toEqual([expect.stringContaining('Why these training parameters')]);
});
