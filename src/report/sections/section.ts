import { duration as inWords } from '../../contracts/duration.js';
import type { SuiteScore } from '../../contracts/metrics.js';
import type { Block } from '../content/blocks.js';
import type { ReportData } from '../report-data.js';
import type { Translate } from '../texts.js';

/** Each section is a pure function of the data; no blocks leave it out. */
export type Section = (data: ReportData, t: Translate) => readonly Block[];

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A difference of shares in points, with its sign; what rounds to nothing has none. */
export function points(share: number): string {
  const rounded = (100 * share).toFixed(1);
  if (Number(rounded) > 0) return `+${rounded}`;
  return Number(rounded) < 0 ? rounded.replace('-', '−') : '0.0';
}

/** As in a sentence: p = 0.012, p < 0.001. */
export const pValue = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));
export const pEquals = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`);

export const range = (
  [low, high]: readonly [number, number],
  of: (share: number) => string = percent,
): string => `${of(low)} – ${of(high)}`;

export const duration = (seconds: number | null, { language }: Translate): string =>
  seconds === null ? '–' : inWords(seconds, language);

/** `2026-11-24 18:03` of an instant. */
export const minute = (instant: string): string => instant.slice(0, 16).replace('T', ' ');

export function scoresOf(
  data: ReportData,
  stage: 'eval-before' | 'eval-after',
): Record<string, SuiteScore> {
  const metrics = data.results[stage]?.metrics;
  return metrics?.kind === 'evaluate' ? metrics.evaluate.suites : {};
}
