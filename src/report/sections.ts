import type { SuiteScore } from '../contracts/run-spec.js';
import { lineChart, scoreBars, timeline, type Bar, type Span } from './charts.js';
import { type ComparisonCase, pickCases } from './comparison-cases.js';
import { escapeHtml } from './escape.js';
import { htmlTable } from './html-table.js';
import type { ReportData, StepRecord } from './report-data.js';
import type { TextKey, Translate } from './texts.js';

/** Each section is a pure function of the data; an empty string leaves it out. */
type Section = (data: ReportData, t: Translate) => string;

const scores = (
  data: ReportData,
  stage: 'eval-before' | 'eval-after',
): Record<string, SuiteScore> => {
  const metrics = data.results[stage]?.metrics;
  return metrics?.kind === 'evaluate' ? metrics.evaluate.suites : {};
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2)}`;
const seconds = (value: number | null): string => (value === null ? '–' : `${value.toFixed(1)} s`);

/** The sentence for a suite: only intervals that do not overlap say that something changed. */
export function verdictOf(before: SuiteScore, after: SuiteScore): 'better' | 'worse' | 'noChange' {
  if (after.interval[0] > before.interval[1]) return 'better';
  return after.interval[1] < before.interval[0] ? 'worse' : 'noChange';
}

export const resultSection: Section = (data, t) => {
  const before = scores(data, 'eval-before');
  const after = scores(data, 'eval-after');
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  if (names.length === 0) return '';
  const bars = names.flatMap((name): Bar[] =>
    (['before', 'after'] as const).flatMap((kind) => {
      const score = (kind === 'before' ? before : after)[name];
      return score
        ? [{ label: `${name} · ${t(kind)}`, value: score.score, interval: score.interval, kind }]
        : [];
    }),
  );
  const sentences = names.flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    return was && is
      ? [`<p class="verdict">${escapeHtml(name)}: ${t(verdictOf(was, is))}</p>`]
      : [];
  });
  const row = (kind: 'before' | 'after', name: string, s: SuiteScore): (string | number)[] => [
    name,
    t(kind),
    percent(s.score),
    `${percent(s.interval[0])} – ${percent(s.interval[1])}`,
    s.n,
    s.unreadable,
    Number(s.seconds.toFixed(1)),
  ];
  const rows = names.flatMap((name) => [
    ...(before[name] ? [row('before', name, before[name])] : []),
    ...(after[name] ? [row('after', name, after[name])] : []),
  ]);
  const header = [
    t('suite'),
    '',
    '%',
    t('interval'),
    t('questions'),
    t('unreadable'),
    t('seconds'),
  ];
  return `${sentences.join('')}<figure>${scoreBars(t('summary'), bars)}</figure>${htmlTable(header, rows)}`;
};

export const casesSection: Section = (data, t) => {
  const cases = pickCases(data.before, data.after);
  if (cases.length === 0) return `<p>${t('noCases')}</p>`;
  return `<p class="soft">${t('casesRule')}</p>${cases.map((one) => caseHtml(one, t)).join('')}`;
};

function caseHtml({ verdict, before, after }: ComparisonCase, t: Translate): string {
  const answer = (title: string, text: string): string =>
    `<div><b>${title}</b><pre>${escapeHtml(text.trim() || '∅')}</pre></div>`;
  return (
    `<div class="case"><h3>${escapeHtml(before.suite)} <span class="tag">${t(verdict)}</span></h3>` +
    `<b>${t('question')}</b><pre>${escapeHtml(before.question)}</pre>` +
    `<p>${t('expected')}: <b>${escapeHtml(before.gold)}</b></p>` +
    `<div class="pair">${answer(t('before'), before.answer)}${answer(t('after'), after.answer)}</div></div>`
  );
}

export const trainingSection: Section = (data, t) => {
  if (data.steps.length === 0) return `<p>${t('notRun')}</p>`;
  const marks = data.postMortems
    .filter((lost) => lost.stage === 'full-train')
    .map((lost) => lost.resumedFromStep);
  const chart = (key: TextKey, pick: (step: StepRecord) => number): string => {
    const points = data.steps.map((step) => [step.step, pick(step)] as const);
    return `<figure><figcaption>${t(key)}</figcaption>${lineChart({ label: t(key), points, marks }, t('step'))}</figure>`;
  };
  const charts = [
    chart('lossCurve', (s) => s.loss),
    chart('learningRate', (s) => s.learningRate),
    chart('tokensPerSecond', (s) => s.tokensPerSecond),
    chart('gradientNorm', (s) => s.gradientNorm),
  ];
  const train = data.results['full-train']?.metrics;
  const notes: string[] = [];
  if (data.state.stoppedAtCap) notes.push(t('stoppedAtCap'));
  let facts = '';
  if (train?.kind === 'full-train') {
    const m = train.train;
    if (m.resumedInexactly) notes.push(t('inexact'));
    facts = htmlTable(
      [t('steps'), t('finalLoss'), t('tokensPerSecond'), t('orderHash'), t('weights')],
      [
        [
          m.steps,
          m.finalLoss.toFixed(4),
          Math.round(m.tokensPerSecond),
          m.orderHash.slice(0, 16),
          m.weightsSha256.slice(0, 16),
        ],
      ],
    );
  }
  return `${notes.map((n) => `<p>${n}</p>`).join('')}<div class="charts">${charts.join('')}</div>${facts}`;
};

export const timelineSection: Section = (data, t) => {
  const start = Date.parse(data.state.startedAt);
  const since = (instant: string): number => (Date.parse(instant) - start) / 1000;
  const spans = data.state.stages.flatMap((stage): Span[] => {
    if (!stage.startedAt || stage.name === 'report') return [];
    return [
      {
        label: stage.name,
        from: since(stage.startedAt),
        to: stage.finishedAt ? since(stage.finishedAt) : since(stage.startedAt) + stage.seconds,
        kind: stage.status === 'failed' ? 'bad' : 'good',
        marks: data.postMortems
          .filter((lost) => lost.stage === stage.name)
          .map((lost) => since(lost.lastSeenAt)),
      },
    ];
  });
  return `<figure>${timeline(t('timeline'), spans, 's')}</figure>`;
};

export const interruptionsSection: Section = (data, t) => {
  if (data.postMortems.length === 0) return `<p>${t('noInterruptions')}</p>`;
  return htmlTable(
    [t('stage'), t('kind'), t('host'), t('detected'), t('resumed'), t('stepsLost')],
    data.postMortems.map((lost) => [
      lost.stage,
      lost.kind,
      lost.host,
      seconds(lost.detectedAfterSeconds),
      seconds(lost.resumedAfterSeconds),
      lost.stepsLost,
    ]),
  );
};

export const dataSection: Section = (data, t) => {
  const convert = data.results.convert?.metrics;
  const validate = data.results.validate?.metrics;
  const rows: [string, string | number][] = [];
  if (convert?.kind === 'convert') {
    const m = convert.convert;
    rows.push(
      [t('rowsKept'), m.rowsKept],
      [t('rowsDropped'), m.rowsDropped],
      [t('rowsHeldOut'), m.rowsHeldOut],
    );
    for (const [rule, count] of Object.entries(m.rowsByRule)) rows.push([`  ${rule}`, count]);
  }
  if (validate?.kind === 'validate') {
    const m = validate.validate;
    rows.push([t('tokensPerEpoch'), m.tokensPerEpoch], [t('duplicates'), m.duplicates]);
    for (const [suite, count] of Object.entries(m.overlap))
      rows.push([`${t('overlap')}: ${suite}`, count]);
  }
  return rows.length > 0 ? htmlTable(['', ''], rows) : '';
};

export const moneySection: Section = (data, t) => {
  const hosts = new Map<string, { stage: string; seconds: number; fen: number }>();
  for (const entry of data.ledger) {
    if (entry.type !== 'host') continue;
    const key = `${entry.host} ${entry.stage}`;
    const sum = hosts.get(key) ?? { stage: entry.stage, seconds: 0, fen: 0 };
    hosts.set(key, { ...sum, seconds: sum.seconds + entry.seconds, fen: sum.fen + entry.fen });
  }
  const rows = [...hosts].map(([key, sum]) => [
    key.split(' ')[0] ?? '',
    sum.stage,
    Number(sum.seconds.toFixed(1)),
    yuan(sum.fen),
  ]);
  const total = `<p>${t('spent')}: <b>${yuan(data.state.spentFen)}</b> · ${t('cap')}: ${yuan(data.state.capFen)}</p>`;
  return (
    total + (rows.length > 0 ? htmlTable([t('host'), t('stage'), t('seconds'), '¥'], rows) : '')
  );
};

export const configurationSection: Section = (data) => {
  const { training, evaluation, checkpoints, hosts, base, data: rows } = data.plan;
  const document = {
    base,
    data: rows,
    training,
    evaluation,
    checkpoints,
    hosts,
    digest: data.plan.digest,
  };
  return `<pre>${escapeHtml(JSON.stringify(document, null, 2))}</pre>`;
};
