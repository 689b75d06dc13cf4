import { decisionSentence } from '../../contracts/pilot.js';
import { pickCases } from '../comparison-cases.js';
import { table, text } from '../content/blocks.js';
import type { ReportData } from '../report-data.js';
import type { TextKey, Translate } from '../texts.js';
import { minute, scoresOf, type Section } from './section.js';

type Evidence = (data: ReportData, t: Translate) => readonly string[];

const explained: Evidence = ({ state, traces }, t) => {
  const read = state.ticked['masked-diffusion-read'];
  const shown = traces.before.length + traces.after.length;
  return [
    ...(read ? [t('evidenceRead', { day: minute(read).slice(0, 10) })] : []),
    ...(shown > 0 ? [t('evidenceDenoising', { n: shown })] : []),
  ];
};

const parameters: Evidence = ({ state, reasons }, t) => {
  const { pilot } = state;
  const sentence = pilot?.ended ? decisionSentence(pilot, t.language === 'zh') : '';
  return [
    ...(pilot && sentence !== '' ? [t('evidencePilot', { n: pilot.trials.length, sentence })] : []),
    ...(reasons.length > 0 ? [t('evidenceReasons', { n: reasons.length })] : []),
  ];
};

const compared: Evidence = (data, t) => {
  const cases = pickCases(data.before, data.after, data.picks).length;
  if (data.comparison) {
    return [t('evidenceComparison', { n: data.comparison.suites.length, cases })];
  }
  const after = scoresOf(data, 'eval-after');
  const n = Object.keys(scoresOf(data, 'eval-before')).filter((suite) => suite in after).length;
  return n > 0 ? [t('evidenceScores', { n, cases })] : [];
};

const difficulties: Evidence = ({ notes, postMortems, backOffs }, t) => {
  const counts = {
    notes: notes.length,
    postMortems: postMortems.length,
    backOffs: backOffs.length,
  };
  const any = counts.notes + counts.postMortems + counts.backOffs > 0;
  return any ? [t('evidenceDifficulties', counts)] : [];
};

const analysed: Evidence = ({ comparison }, t) => {
  if (!comparison) return [];
  const { suites } = comparison;
  const count = (of: 'diagnosis' | 'advice'): number =>
    suites.reduce((sum, suite) => sum + suite[of].length, 0);
  const counts = { diagnoses: count('diagnosis'), advice: count('advice') };
  return [t('evidenceAnalysis', { n: suites.length, ...counts })];
};

const CRITERIA: readonly (readonly [TextKey, Evidence])[] = [
  ['criterionExplain', explained],
  ['criterionParameters', parameters],
  ['criterionCompared', compared],
  ['criterionDifficulties', difficulties],
  ['criterionAnalysis', analysed],
];

/** The last page: what the plan is judged by, each with what this run has to show for it. */
export const criteriaSection: Section = (data, t) => {
  const rows = CRITERIA.map(([criterion, evidence], i) => {
    const found = evidence(data, t);
    const shown = found.length > 0 ? `✓ ${found.join(t('semicolon'))}` : `✗ ${t('missing')}`;
    return [`${i + 1}. ${t(criterion)}`, shown];
  });
  return [text(t('criteriaIntro'), 'soft'), table([t('criterion'), t('evidence')], rows)];
};
