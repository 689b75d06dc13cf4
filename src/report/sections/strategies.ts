import type { StrategyResult } from '../../contracts/strategies.js';
import { figures, table, text } from '../content/blocks.js';
import type { TextKey, Translate } from '../texts.js';
import { percent, points, pValue, range, type Section } from './section.js';

/** Points of the plot bear the letter of their row. */
const markOf = (i: number): string => String.fromCharCode(65 + (i % 26));

export const strategiesSection: Section = ({ strategies }, t) => {
  if (strategies === null) return [];
  const all = strategies.strategies;
  const plot = (
    caption: TextKey,
    x: TextKey,
    pick: (one: StrategyResult) => number,
  ): Parameters<typeof figures>[0] => ({
    caption: t(caption),
    chart: {
      kind: 'strategies',
      axis: { x: t(x), y: t('scoreAxis') },
      points: all.map((one, i) => ({
        mark: markOf(i),
        x: pick(one),
        score: one.score,
        interval: one.interval,
      })),
    },
  });
  const { suite, device } = strategies;
  const n = Math.max(...all.map((one) => one.n));
  return [
    text(t('strategiesSentence', { n, suite, device })),
    figures(
      plot('scoreByTokens', 'tokensPerSecond', (one) => one.tokensPerSecond),
      plot('scoreByForwards', 'forwardsPerAnswer', (one) => one.forwardsPerAnswer),
    ),
    strategyTable(all, t),
    text(t('strategiesNote'), 'soft'),
  ];
};

function strategyTable(all: readonly StrategyResult[], t: Translate) {
  const header = [
    t('strategy'),
    t('score'),
    t('interval'),
    t('difference'),
    'p',
    t('tokensPerSecond'),
    t('forwardsPerAnswer'),
    t('unreadable'),
  ];
  const rows = all.map((one, i) => [
    `${markOf(i)} · ${one.name}`,
    percent(one.score),
    range(one.interval),
    one.againstFirst === null ? '–' : points(one.againstFirst.difference),
    one.againstFirst === null ? '–' : pValue(one.againstFirst.p),
    one.tokensPerSecond.toFixed(1),
    one.forwardsPerAnswer.toFixed(1),
    one.unreadable,
  ]);
  return table(header, rows);
}
