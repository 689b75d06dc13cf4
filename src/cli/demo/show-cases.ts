import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Summary } from '../../contracts/state.js';
import { pickCases } from '../../report/comparison-cases.js';
import { AnswerRecord } from '../../report/report-data.js';

/** The report's three cases once more, for the terminal. */
export async function casesText(summary: Summary): Promise<string[]> {
  if (!summary.report.html) return [];
  const inputs = join(summary.report.html, '..', 'inputs');
  const before = await readAnswers(join(inputs, 'eval-before', 'answers', 'answers.jsonl'));
  const after = await readAnswers(join(inputs, 'eval-after', 'answers', 'answers.jsonl'));
  return pickCases(before, after).flatMap((one) => [
    `  ${one.verdict.padEnd(12)} ${oneLine(one.before.question)}  (expected ${one.before.gold})`,
    `    before: ${oneLine(one.before.answer)}`,
    `    after:  ${oneLine(one.after.answer)}`,
  ]);
}

const oneLine = (text: string): string =>
  text.trim().replace(/\s+/g, ' ').slice(0, 120) || '(empty)';

async function readAnswers(path: string): Promise<AnswerRecord[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => AnswerRecord.parse(JSON.parse(line)));
}
