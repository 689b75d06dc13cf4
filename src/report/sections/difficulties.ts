import type { PostMortem } from '../../contracts/journal.js';
import { yuan } from '../../contracts/money.js';
import { table, text } from '../content/blocks.js';
import type { BackOff, ReportData } from '../report-data.js';
import type { Translate } from '../texts.js';
import { duration, minute, type Section } from './section.js';

export interface Difficulty {
  readonly at: string;
  readonly from: string;
  readonly what: string;
}

/** Notes of people, post-mortems and back-offs: one list, by date. */
export function difficultiesOf(data: ReportData, t: Translate): Difficulty[] {
  const all = [
    ...data.notes.map((note) => ({ at: note.at, from: t('fromNote'), what: note.text })),
    ...data.postMortems.map((lost) => ({
      at: lost.lastSeenAt,
      from: t('fromPostMortem'),
      what: postMortemSentence(lost, t),
    })),
    ...data.backOffs.map((one) => ({
      at: one.at,
      from: t('fromBackOff'),
      what: backOffSentence(one, t),
    })),
  ];
  return all.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function postMortemSentence(lost: PostMortem, t: Translate): string {
  return t('postMortemSentence', {
    stage: lost.stage,
    host: lost.host,
    kind: t(lost.kind),
    noticed: t(lost.noticeSeen ? 'noticed' : 'unnoticed'),
    detected: duration(lost.detectedAfterSeconds, t),
    resumed: duration(lost.resumedAfterSeconds, t),
    step: lost.resumedFromStep,
    lost: lost.stepsLost,
    money: yuan(lost.moneyLostFen),
  });
}

function backOffSentence({ resource, tokenBudget }: BackOff, t: Translate): string {
  const name = t(resource);
  return tokenBudget === null
    ? t('backOffNoBudget', { resource: name })
    : t('backOffSentence', { resource: name, tokens: tokenBudget });
}

export const difficultiesSection: Section = (data, t) => {
  const all = difficultiesOf(data, t);
  if (all.length === 0) return [text(t('noDifficulties'))];
  const rows = all.map(({ at, from, what }) => [minute(at).replace(' ', '\u00a0'), from, what]);
  return [table([t('when'), t('source'), t('whatHappened')], rows)];
};
