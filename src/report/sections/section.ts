import { duration as inWords } from '../../contracts/duration.js';
import type { SuiteScore } from '../../contracts/metrics.js';
import type { ReportData } from '../report-data.js';
import type { Translate } from '../texts.js';

/** Each section is a pure function of the data; an empty string leaves it out. */
export type Section = (data: ReportData, t: Translate) => string;

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const duration = (seconds: number | null): string =>
  seconds === null ? '–' : inWords(seconds);

export function scoresOf(
  data: ReportData,
  stage: 'eval-before' | 'eval-after',
): Record<string, SuiteScore> {
  const metrics = data.results[stage]?.metrics;
  return metrics?.kind === 'evaluate' ? metrics.evaluate.suites : {};
}
