import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLI_EXIT } from '../contracts/failures.js';
import { verdictSentence } from '../contracts/verdict.js';
import { Summary } from '../contracts/state.js';
import { CliError } from './cli-error.js';
import { modelLines, type Place } from './model-place.js';
import { pilotLines } from './pilot-text.js';
import { count, duration, money, percent, statusText } from './output.js';

export const summaryPath = (home: string, planId: string): string =>
  join(home, 'runs', planId, 'summary.json');

export async function readSummary(home: string, planId: string): Promise<Summary> {
  const path = summaryPath(home, planId);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new CliError(
      `There is no summary of ${planId} at ${path}.`,
      CLI_EXIT.notFound,
      'It is written when the plan has ended, on the machine of the control worker.',
    );
  });
  const parsed = Summary.safeParse(JSON.parse(text));
  if (!parsed.success) throw new CliError(`The summary ${path} is damaged.`, CLI_EXIT.data);
  return parsed.data;
}

export function renderSummary(summary: Summary, place: Place): string {
  const lines = [
    `${summary.planId}  ${statusText(summary.status)}  ${duration(summary.wallSeconds)}`,
  ];
  if (summary.pilot) lines.push(...pilotLines(summary.pilot).map((line) => `  pilot: ${line}`));
  for (const [suite, after] of Object.entries(summary.evaluation.after)) {
    const before = summary.evaluation.before[suite];
    const was = before ? `${percent(before.score)} → ` : '';
    lines.push(`  ${suite}: ${was}${percent(after.score)} (${count(after.n, 'question')})`);
  }
  for (const one of summary.evaluation.comparison?.suites ?? []) {
    lines.push(`  verdict: ${verdictSentence(one, false)}`);
  }
  const { training, spend, interruptions } = summary;
  if (training) {
    const { steps, finalLoss } = training;
    const loss = finalLoss === null ? '' : `, final loss ${finalLoss.toFixed(4)}`;
    lines.push(`  ${count(steps, 'step')}${loss}`);
  }
  const lost =
    interruptions.length > 0 ? `, ${money(spend.lostToInterruptionsFen)} of it lost` : '';
  const spent = `${money(spend.totalFen)} of ${money(spend.capFen)}`;
  lines.push(`  ${count(interruptions.length, 'interruption')}, ${spent}${lost}`);
  if (summary.model) {
    lines.push(...modelLines(summary.planId, summary.model, place).map((line) => `  ${line}`));
  }
  if (summary.report.html) lines.push(`  report: ${summary.report.html}`);
  if (summary.report.pptx) lines.push(`  slides: ${summary.report.pptx}`);
  return lines.join('\n');
}
