import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLines } from '../../src/report/lines.js';
import { AnswerRecord, StepRecord } from '../../src/report/report-data.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const step = (number: number) => ({
  step: number,
  loss: 1.5,
  learningRate: 0.001,
  gradientNorm: 2,
  tokensPerSecond: 300,
});

test('lines that are cut, blank or of another kind are left out, the others are read', async () => {
  const path = join(temporaryFolder(), 'metrics.jsonl');
  const validation = { step: 1, validation: { nll: 2, nllByT: [] }, time: 1 };
  const lines = [step(1), validation, { other: 'line' }, step(2)].map((line) =>
    JSON.stringify(line),
  );
  writeFileSync(path, [...lines, '', '{"step": 3, "lo'].join('\n'));
  expect(await readLines(path, StepRecord)).toEqual([step(1), step(2)]);
});

test('a file that is not there has no lines', async () => {
  expect(await readLines(join(temporaryFolder(), 'nothing.jsonl'), AnswerRecord)).toEqual([]);
});

test('numbers and texts of an answer become texts; a separator inside one ends no line', async () => {
  const path = join(temporaryFolder(), 'answers.jsonl');
  const answer = { suite: 'gsm8k', id: 7, question: 'a\u2028b?', gold: 18, answer: '18' };
  writeFileSync(path, `${JSON.stringify({ ...answer, extracted: null, correct: true })}\n`);
  expect(await readLines(path, AnswerRecord)).toEqual([
    { ...answer, id: '7', gold: '18', extracted: null, correct: true },
  ]);
});
