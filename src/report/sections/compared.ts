import type { Advice, Comparison, SuiteComparison } from '../../contracts/comparison.js';
import { answeringFen, yuan, yuanEach } from '../../contracts/money.js';
import { type Block, table, text } from '../content/blocks.js';
import type { Translate } from '../texts.js';
import { pEquals, percent, points, pValue, range, type Section } from './section.js';

const TONES = {
  better: ['sentenceBetter', 'better'],
  worse: ['sentenceWorse', 'worse'],
  'no distinguishable change': ['sentenceSame', 'noChange'],
} as const;

/** Answers that all stayed as they were resample to no spread at all, which claims too much. */
const spreadOf = ({ interval, newcombe }: SuiteComparison): readonly [number, number] =>
  interval[0] === interval[1] ? newcombe : interval;

function sentence(one: SuiteComparison, t: Translate): Block {
  const [key, tone] = TONES[one.verdict];
  const [from, to] = spreadOf(one).map(points) as [string, string];
  const values = {
    suite: one.suite,
    difference: points(one.difference),
    from,
    to,
    p: pEquals(one.pHolm),
    n: one.n,
    won: one.lists.won.length,
    lost: one.lists.lost.length,
  };
  return text(t(key, values), tone);
}

/** A sentence a suite, then what is seen and what to do about it. */
export function verdictBlocks({ suites }: Comparison, t: Translate): Block[] {
  const judged = suites.flatMap((one) => {
    const detectable = { n: one.n, points: (100 * one.detectable).toFixed(1) };
    return [
      sentence(one, t),
      ...(one.screeningOnly
        ? [text(t('screeningOnly', { suite: one.suite, n: one.n }), 'note')]
        : []),
      text(t('detectableSentence', detectable), 'soft'),
    ];
  });
  const seen = diagnosisSentences(suites, t);
  const advice = adviceSentences(suites, t);
  return [
    ...judged,
    ...(seen.length > 0
      ? [text(t('diagnosed'), 'head'), { kind: 'list', items: seen } as const]
      : []),
    ...(advice.length > 0
      ? [text(t('advised'), 'head'), { kind: 'list', items: advice } as const]
      : []),
  ];
}

export function diagnosisSentences(suites: readonly SuiteComparison[], t: Translate): string[] {
  return suites.flatMap((one) =>
    one.diagnosis.map((diagnosis) => {
      const { suite, n, before, after } = one;
      const counted =
        diagnosis === 'truncated' || diagnosis === 'empty' || diagnosis === 'unreadable'
          ? { before: before[diagnosis], after: after[diagnosis] }
          : {
              before: before.answerTokens.mean.toFixed(0),
              after: after.answerTokens.mean.toFixed(0),
            };
      return t(`d:${diagnosis}`, { suite, n, ...counted });
    }),
  );
}

/** What several suites ask for stands once. */
export function adviceSentences(suites: readonly SuiteComparison[], t: Translate): string[] {
  const all = new Set<Advice>(suites.flatMap(({ advice }) => advice));
  return [...all].map((advice) => t(`a:${advice}`));
}

export const differencesSection: Section = ({ comparison, plan }, t) => {
  if (!comparison) return [];
  const { pricePerHourFen } = plan.hosts;
  return [
    differenceTable(comparison, t),
    text(t('answersTold'), 'head'),
    answersTable(comparison, pricePerHourFen, t),
    text(t('costTold', { price: yuan(pricePerHourFen) }), 'soft'),
  ];
};

export function differenceTable({ suites }: Comparison, t: Translate): Block {
  const header = [
    'suite',
    'difference',
    'bootstrapInterval',
    'newcombeInterval',
    'mcnemar',
    'holm',
    'won',
    'lost',
    'detectable',
  ] as const;
  const rows = suites.map((one) => [
    one.suite,
    points(one.difference),
    range(one.interval, points),
    range(one.newcombe, points),
    pValue(one.p),
    pValue(one.pHolm),
    one.lists.won.length,
    one.lists.lost.length,
    (100 * one.detectable).toFixed(1),
  ]);
  return table(
    header.map((key) => t(key)),
    rows,
  );
}

function answersTable({ suites }: Comparison, pricePerHourFen: number, t: Translate): Block {
  const header = [
    t('suite'),
    '',
    t('answerTokens'),
    t('firstEos'),
    t('empty'),
    t('truncated'),
    t('unreadable'),
    t('secondsPerQuestion'),
    t('cnyPerQuestion'),
    t('cnyInAll'),
  ];
  const rows = suites.flatMap((one) =>
    (['before', 'after'] as const).map((kind) => {
      const side = one[kind];
      const { mean, median } = side.answerTokens;
      const fen = answeringFen(one.n * side.secondsPerQuestion, pricePerHourFen);
      return [
        one.suite,
        t(kind),
        `${mean.toFixed(0)} / ${median.toFixed(0)}`,
        side.firstEos === null ? '–' : side.firstEos.median.toFixed(0),
        side.empty,
        side.truncated,
        side.unreadable,
        side.secondsPerQuestion.toFixed(side.secondsPerQuestion < 1 ? 3 : 1),
        yuanEach(fen, one.n),
        yuan(fen),
      ];
    }),
  );
  return table(header, rows);
}

/** Percentages of counts, for the tables beside this one. */
export const shareOf = (count: number, n: number): string => percent(count / n);
