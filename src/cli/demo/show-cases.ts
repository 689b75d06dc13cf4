import { join } from 'node:path';
import type { Summary } from '../../contracts/state.js';
import { pickCases } from '../../report/comparison-cases.js';
import { AnswerRecord } from '../../report/report-data.js';
import { readLines } from '../../report/lines.js';

/** The report's three cases once more, for the terminal. */
export async function casesText(summary: Summary): Promise<string[]> {
  if (!summary.report.html) return [];
  const inputs = join(summary.report.html, '..', 'inputs');
  const before = await readLines(
    join(inputs, 'eval-before', 'answers', 'answers.jsonl'),
    AnswerRecord,
  );
  const after = await readLines(
    join(inputs, 'eval-after', 'answers', 'answers.jsonl'),
    AnswerRecord,
  );
  return pickCases(before, after).flatMap((one) => [
    `  ${one.verdict.padEnd(12)} ${oneLine(one.before.question)}  (expected ${one.before.gold})`,
    `    before: ${oneLine(one.before.answer)}`,
    `    after:  ${oneLine(one.after.answer)}`,
  ]);
}

const oneLine = (text: string): string =>
  text.trim().replace(/\s+/g, ' ').slice(0, 120) || '(empty)';
