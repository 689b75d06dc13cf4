import { isWide } from '../charts/line-chart.js';
import type { Validated } from '../../contracts/outcome.js';
import { type Block, type Figure, figures, table, text } from '../content/blocks.js';
import type { ReportData, StepRecord } from '../report-data.js';
import type { TextKey, Translate } from '../texts.js';
import type { Section } from './section.js';

/** The running mean covers this share of the steps. */
const MEAN_SHARE = 1 / 30;

export const trainingSection: Section = (data, t) => {
  if (data.steps.length === 0) return [text(t('notRun'))];
  const lost = data.postMortems.filter((one) => one.stage === 'full-train');
  const marks = lost.map((one) => one.resumedFromStep);
  const over = Math.max(1, Math.round(data.steps.length * MEAN_SHARE));
  const chart = (
    key: TextKey,
    pick: (step: StepRecord) => number,
    meanOver = over,
    steps: readonly StepRecord[] = data.steps,
  ): Figure => {
    const points = steps.map((step) => [step.step, pick(step)] as const);
    const series = {
      label: t(key),
      points,
      marks,
      meanOver,
      logarithmicWhenWide: key === 'lossCurve',
    };
    const caption = isWide(series) ? `${t(key)} (${t('logarithmic')})` : t(key);
    return { caption, chart: { kind: 'line', series, xLabel: t('step') } };
  };
  // A step without a masked token has no loss, which is not one of zero.
  const withLoss = data.steps.filter((s) => s.loss !== null);
  const charts = [
    ...(withLoss.length > 0 ? [chart('lossCurve', (s) => s.loss ?? 0, over, withLoss)] : []),
    chart('learningRate', (s) => s.learningRate, 1),
    chart('tokensPerSecond', (s) => s.tokensPerSecond),
    chart('gradientNorm', (s) => s.gradientNorm),
    ...validationChart(data.validation, t),
  ];
  const legend = [
    over > 1 ? t('chartMean', { n: over }) : '',
    marks.length > 0 ? t('chartMarks') : '',
  ].filter((sentence) => sentence !== '');
  return [
    ...notesOf(data, t),
    figures(...charts),
    ...(legend.length > 0 ? [text(legend.join(' '), 'soft')] : []),
    ...factsOf(data, t),
  ];
};

function validationChart(validation: Validated | null, t: Translate): Figure[] {
  if (validation === null) return [];
  const label = t('validationLoss');
  const points = validation.curve.map(({ step, nll }) => [step, nll] as const);
  return [
    { caption: label, chart: { kind: 'line', series: { label, points }, xLabel: t('step') } },
  ];
}

function bestRow({ best }: Validated, t: Translate): [string, string][] {
  if (best === null) return [];
  const nll = best.nll === null ? '' : ` (${best.nll.toFixed(4)})`;
  const what = best.folder === '' ? t('finalModel') : best.artifact.digest;
  return [[t('bestByValidation'), `${t('step')} ${best.step}${nll}${t('colon')}${what}`]];
}

function notesOf(data: ReportData, t: Translate): Block[] {
  const inexact = data.trained?.resumedInexactly === true;
  return [data.state.stoppedAtCap ? t('stoppedAtCap') : '', inexact ? t('inexact') : '']
    .filter((note) => note !== '')
    .map((note) => text(note, 'note'));
}

function factsOf({ trained: m, state, validation }: ReportData, t: Translate): Block[] {
  if (m === null) return [];
  const rows: [string, string][] = [
    [t('steps'), m.steps.toLocaleString('en-US')],
    [t('tokens'), m.tokens.toLocaleString('en-US')],
  ];
  if (m.parameters !== undefined && m.trainableParameters !== undefined) {
    const trainable = m.trainableParameters.toLocaleString('en-US');
    const all = m.parameters.toLocaleString('en-US');
    rows.push([t('parameters'), `${all} (${t('trainable')} ${trainable})`]);
  }
  rows.push(
    [t('finalLoss'), m.finalLoss?.toFixed(4) ?? '–'],
    [t('tokensPerSecond'), Math.round(m.tokensPerSecond).toLocaleString('en-US')],
    [t('orderHash'), m.orderHash],
  );
  if (validation) rows.push(...bestRow(validation, t));
  if (m.weightsSha256 !== undefined) rows.push([t('weights'), m.weightsSha256]);
  if (state.model) {
    rows.push([t('model'), state.model.artifact.digest]);
    rows.push([t('modelFiles'), `dream-sft export ${state.planId} FOLDER`]);
  }
  return [table(['', ''], rows, 'facts')];
}
