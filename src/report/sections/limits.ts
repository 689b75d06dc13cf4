import type { ReportData } from '../report-data.js';
import type { Translate } from '../texts.js';
import { adviceSentences } from './compared.js';
import { anchorSentence } from './compared-details.js';
import { scoresOf, type Section } from './section.js';

/** What the numbers do not show: of every comparison, and of this one. */
export function limitSentences(data: ReportData, t: Translate): string[] {
  const suites = Object.keys(scoresOf(data, 'eval-after'));
  if (suites.length === 0) return [];
  const { comparison } = data;
  const anchor = comparison?.anchor;
  return [
    t('limitSeed'),
    t('limitInterval'),
    ...(comparison ? [] : [t('limitNoTest')]),
    t('limitGrader'),
    t('limitPretraining'),
    t('limitScope', { suites: suites.join(', ') }),
    anchor
      ? anchorSentence(anchor, anchor.holds ? 'anchorHolds' : 'anchorFails', t)
      : t('anchorAbsent'),
  ];
}

export const limitsSection: Section = (data, t) => {
  const items = limitSentences(data, t);
  return items.length > 0 ? [{ kind: 'list', items }] : [];
};

/** Advice of the comparison first, then what every first result wants. */
export function nextSteps(data: ReportData, t: Translate): string[] {
  if (Object.keys(scoresOf(data, 'eval-after')).length === 0) return [];
  const advice = data.comparison ? adviceSentences(data.comparison.suites, t) : [];
  // Only gsm8k has a published score to be anchored to.
  const asked = 'gsm8k' in scoresOf(data, 'eval-after');
  const anchored = data.comparison?.anchor || !asked ? [] : [t('nextAnchor')];
  return [...advice, t('nextSeed'), ...anchored];
}

export const nextSection: Section = (data, t) => {
  const items = nextSteps(data, t);
  return items.length > 0 ? [{ kind: 'list', items }] : [];
};
