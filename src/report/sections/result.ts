import type { SuiteScore } from '../../contracts/metrics.js';
import { type Bar, scoreBars } from '../charts/score-bars.js';
import { escapeHtml } from '../escape.js';
import { htmlTable } from '../html-table.js';
import type { ReportData } from '../report-data.js';
import type { Translate } from '../texts.js';
import { duration, percent, scoresOf, type Section } from './section.js';

/** The sentence for a suite: only intervals that do not overlap say that something changed. */
export function verdictOf(before: SuiteScore, after: SuiteScore): 'better' | 'worse' | 'noChange' {
  if (after.interval[0] > before.interval[1]) return 'better';
  return after.interval[1] < before.interval[0] ? 'worse' : 'noChange';
}

interface Scored {
  readonly suite: string;
  readonly kind: 'before' | 'after';
  readonly score: SuiteScore;
}

function scored(data: ReportData): Scored[] {
  const before = scoresOf(data, 'eval-before');
  const after = scoresOf(data, 'eval-after');
  const suites = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return suites.flatMap((suite) => [
    ...(before[suite] ? [{ suite, kind: 'before' as const, score: before[suite] }] : []),
    ...(after[suite] ? [{ suite, kind: 'after' as const, score: after[suite] }] : []),
  ]);
}

export const resultSection: Section = (data, t) => {
  const all = scored(data);
  if (all.length === 0) return '';
  const bars = all.map(({ suite, kind, score }): Bar => ({
    label: `${suite} · ${t(kind)}`,
    value: score.score,
    interval: score.interval,
    kind,
  }));
  return `${verdicts(data, t)}<figure>${scoreBars(t('summary'), bars)}</figure>${scoreTable(all, t)}`;
};

function verdicts(data: ReportData, t: Translate): string {
  const after = scoresOf(data, 'eval-after');
  return Object.entries(scoresOf(data, 'eval-before'))
    .flatMap(([suite, was]) => {
      const is = after[suite];
      if (!is) return [];
      const verdict = verdictOf(was, is);
      return [`<p class="verdict ${verdict}">${escapeHtml(suite)}${t('colon')}${t(verdict)}</p>`];
    })
    .join('');
}

function scoreTable(all: readonly Scored[], t: Translate): string {
  const header = [
    t('suite'),
    '',
    t('score'),
    t('interval'),
    t('questions'),
    t('unreadable'),
    t('time'),
  ];
  const rows = all.map(({ suite, kind, score }) => [
    suite,
    t(kind),
    percent(score.score),
    `${percent(score.interval[0])} – ${percent(score.interval[1])}`,
    score.n,
    score.unreadable,
    duration(score.seconds),
  ]);
  return htmlTable(header, rows);
}
