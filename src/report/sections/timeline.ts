import type { Span } from '../charts/timeline.js';
import { figures, table, text } from '../content/blocks.js';
import { intervalSentence } from '../../contracts/interval.js';
import { UNITS } from '../../contracts/duration.js';
import { yuan } from '../../contracts/money.js';
import { duration, type Section } from './section.js';

export const timelineSection: Section = (data, t) => {
  // Of a report that was made anew, the run that did the work began before the one that tells of it.
  const begun = [data.state, ...data.state.stages].flatMap(({ startedAt }) => startedAt ?? []);
  const start = Math.min(...begun.map((instant) => Date.parse(instant)));
  const since = (instant: string): number => (Date.parse(instant) - start) / 1000;
  const spans = data.state.stages.flatMap((stage): Span[] => {
    if (!stage.startedAt || stage.name === 'report') return [];
    const from = since(stage.startedAt);
    const gaps = data.postMortems
      .filter((lost) => lost.stage === stage.name)
      .map((lost) => {
        const at = since(lost.lastSeenAt);
        return [at, at + (lost.resumedAfterSeconds ?? lost.detectedAfterSeconds ?? 0)] as const;
      });
    const to = stage.finishedAt ? since(stage.finishedAt) : from + stage.seconds;
    const kind = stage.status === 'failed' ? 'bad' : 'good';
    return [{ label: stage.name, from, to, kind, gaps, note: duration(to - from, t) }];
  });
  const legend = data.postMortems.length > 0 ? [text(t('timelineGaps'), 'soft')] : [];
  if (spans.length === 0) return [];
  return [
    figures({ caption: '', chart: { kind: 'timeline', spans, units: UNITS[t.language] } }),
    ...legend,
  ];
};

export const interruptionsSection: Section = (data, t) => {
  const { interval } = data;
  const tuned = interval ? [text(intervalSentence(interval, t.language === 'zh'))] : [];
  if (data.postMortems.length === 0) return [text(t('noInterruptions')), ...tuned];
  const header = [
    t('stage'),
    t('kind'),
    t('host'),
    t('detected'),
    t('resumed'),
    t('resumedFrom'),
    t('stepsLost'),
    t('moneyLost'),
  ];
  const rows = data.postMortems.map((lost) => [
    lost.stage,
    t(lost.kind),
    lost.host,
    duration(lost.detectedAfterSeconds, t),
    duration(lost.resumedAfterSeconds, t),
    lost.resumedFromStep,
    lost.stepsLost,
    yuan(lost.moneyLostFen),
  ]);
  return [table(header, rows, 'oneline'), ...tuned];
};
