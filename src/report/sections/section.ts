import type { SuiteScore } from '../../contracts/metrics.js';
import type { ReportData } from '../report-data.js';
import type { Translate } from '../texts.js';

/** Each section is a pure function of the data; an empty string leaves it out. */
export type Section = (data: ReportData, t: Translate) => string;

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export function duration(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  const minutes = seconds / 60;
  return minutes < 120 ? `${minutes.toFixed(1)} min` : `${(minutes / 60).toFixed(1)} h`;
}

export function scoresOf(
  data: ReportData,
  stage: 'eval-before' | 'eval-after',
): Record<string, SuiteScore> {
  const metrics = data.results[stage]?.metrics;
  return metrics?.kind === 'evaluate' ? metrics.evaluate.suites : {};
}
