import type { SuiteScore } from '../../contracts/metrics.js';
import type { Bar } from '../charts/score-bars.js';
import { type Block, figures, table, text } from '../content/blocks.js';
import type { ReportData } from '../report-data.js';
import type { Translate } from '../texts.js';
import { verdictBlocks } from './compared.js';
import { duration, percent, range, scoresOf, type Section } from './section.js';

/** Where there is no paired test: only intervals that do not overlap say that something changed. */
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
  if (all.length === 0) return [];
  const bars = all.map(({ suite, kind, score }): Bar => ({
    label: `${suite} · ${t(kind)}`,
    value: score.score,
    interval: score.interval,
    kind,
  }));
  return [
    ...(data.comparison ? verdictBlocks(data.comparison, t) : verdicts(data, t)),
    figures({ caption: '', chart: { kind: 'scores', bars } }),
    scoreTable(all, t),
  ];
};

function verdicts(data: ReportData, t: Translate): Block[] {
  const after = scoresOf(data, 'eval-after');
  return Object.entries(scoresOf(data, 'eval-before')).flatMap(([suite, was]) => {
    const is = after[suite];
    if (!is) return [];
    const verdict = verdictOf(was, is);
    return [text(`${suite}${t('colon')}${t(verdict)}`, verdict)];
  });
}

function scoreTable(all: readonly Scored[], t: Translate): Block {
  const header = ['suite', null, 'score', 'interval', 'questions', 'unreadable', 'time'] as const;
  const rows = all.map(({ suite, kind, score }) => [
    suite,
    t(kind),
    percent(score.score),
    range(score.interval),
    score.n,
    score.unreadable,
    duration(score.seconds, t),
  ]);
  return table(
    header.map((key) => (key === null ? '' : t(key))),
    rows,
  );
}
