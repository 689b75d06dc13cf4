import { z } from 'zod';
import { Fen } from './base.js';
import {
  type Comparison,
  SuiteComparison,
  type Verdict,
  Verdict as VerdictWord,
} from './comparison.js';
import { answeringFen } from './money.js';

/** What a comparison says of one suite: small enough for state and summary. */
export const SuiteVerdict = z.strictObject({
  suite: z.string(),
  verdict: VerdictWord,
  n: SuiteComparison.shape.n,
  before: SuiteComparison.shape.before.shape.score,
  after: SuiteComparison.shape.after.shape.score,
  difference: SuiteComparison.shape.difference,
  interval: SuiteComparison.shape.interval.describe(
    '95 %: paired bootstrap, or Newcombe’s where the bootstrap saw no answer change',
  ),
  p: SuiteComparison.shape.p,
  pHolm: SuiteComparison.shape.pHolm,
  detectable: SuiteComparison.shape.detectable,
  screeningOnly: SuiteComparison.shape.screeningOnly,
  diagnosis: SuiteComparison.shape.diagnosis,
  advice: SuiteComparison.shape.advice,
  seconds: z
    .strictObject({ before: z.number(), after: z.number() })
    .optional()
    .describe('of answering, over all questions; left out by older versions'),
  costFen: z
    .strictObject({ before: Fen, after: Fen })
    .optional()
    .describe('of those seconds on the plan’s hosts, each rounded up once to a whole fen'),
});
export type SuiteVerdict = z.infer<typeof SuiteVerdict>;

export const Compared = z.strictObject({
  verdict: VerdictWord.describe('worse if any suite is; else better if any is'),
  suites: z.array(SuiteVerdict).min(1),
});
export type Compared = z.infer<typeof Compared>;

export const comparedOf = ({ verdict, suites }: Comparison): Compared => ({
  verdict,
  suites: suites.map(suiteVerdict),
});

function suiteVerdict(one: SuiteComparison): SuiteVerdict {
  const { suite, verdict, n, difference, interval, newcombe, p, pHolm } = one;
  const { detectable, screeningOnly, diagnosis, advice } = one;
  // Answers that all stayed as they were resample to no spread at all, which claims too much.
  const spread = interval[0] === interval[1] ? newcombe : interval;
  const scores = { before: one.before.score, after: one.after.score };
  const seconds = {
    before: n * one.before.secondsPerQuestion,
    after: n * one.after.secondsPerQuestion,
  };
  const tested = { difference, interval: spread, p, pHolm };
  const told = { detectable, screeningOnly, diagnosis, advice, seconds };
  return { suite, verdict, n, ...scores, ...tested, ...told };
}

/** With what answering cost: compare knows seconds, the plan its price. */
export const withCost = ({ verdict, suites }: Compared, pricePerHourFen: number): Compared => ({
  verdict,
  suites: suites.map(({ seconds, ...suite }) => {
    if (!seconds) return suite;
    const before = answeringFen(seconds.before, pricePerHourFen);
    const after = answeringFen(seconds.after, pricePerHourFen);
    return { ...suite, seconds, costFen: { before, after } };
  }),
});

const ZH: Readonly<Record<Verdict, string>> = {
  better: '变好',
  worse: '变差',
  'no distinguishable change': '没有可分辨的变化',
};

/** A suite's verdict in one line; p is the one that the verdict was judged by. */
export function verdictSentence(one: SuiteVerdict, zh: boolean): string {
  const [from, to] = one.interval.map(points);
  const p = one.pHolm < 0.001 ? 'p < 0.001' : `p ${one.pHolm.toFixed(3)}`;
  const difference = points(one.difference);
  if (zh) {
    const screening = one.screeningOnly ? '；仅供初筛' : '';
    return `${one.suite}：${ZH[one.verdict]}，${difference} 分（95 %：${from} 至 ${to}），${p}，${one.n} 题${screening}`;
  }
  const screening = one.screeningOnly ? '; screening only' : '';
  const questions = `${one.n} ${one.n === 1 ? 'question' : 'questions'}`;
  return `${one.suite}: ${one.verdict}, ${difference} points (95 %: ${from} to ${to}), ${p}, ${questions}${screening}`;
}

function points(share: number): string {
  const rounded = (100 * share).toFixed(1);
  return Number(rounded) > 0 ? `+${rounded}` : rounded.replace(/^-(0\.0)$/, '$1');
}
