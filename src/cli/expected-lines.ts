import pc from 'picocolors';
import type { z } from 'zod';
import type { Language } from '../contracts/base.js';
import type { Plan } from '../contracts/plan.js';
import { CARDS, type CardId, PRICES_ASSUMED_ON } from '../recipes/cards.js';
import {
  ASSUMED,
  checkpointBytes,
  type Expectation,
  expect,
  trainedParameters,
} from '../recipes/expectation.js';
import { DECODED } from '../recipes/decoding-measurements.js';
import { explainTexts, type ExplainTexts, fill } from '../recipes/texts.js';
import { duration, table } from './output.js';
import { WIDTH, wrapCells } from './wrap-cells.js';

type ParsedPlan = z.output<typeof Plan>;
type Lang = z.output<typeof Language>;

/** What a plan takes on each of these cards, and where the figures come from. */
export function expectedLines(
  plan: ParsedPlan,
  cards: readonly CardId[],
  language: Lang,
): string[] {
  const texts = explainTexts(language);
  const found = cards.flatMap((card) => {
    const expected = expect(plan, card);
    return expected === null ? [] : [{ card, expected }];
  });
  const first = found[0]?.expected;
  if (first === undefined) return [texts.unknown];
  const rows = found.map(({ card, expected }) => cells(card, expected, language));
  const notes = [
    ...speedNotes(
      found.map(({ expected }) => expected),
      language,
    ),
    ...decodingNotes(texts),
    ...notesOf(plan, first, texts),
  ].flatMap((note) => wrapCells(note, WIDTH));
  const size = `${(checkpointBytes(plan.training) / 1e9).toFixed(1)} GB`;
  const counts = {
    rows: String(first.rows),
    steps: String(first.steps),
    each: String(plan.training.documentsPerStep),
    tokens: large(first.tokens, language),
    trained: large(trainedParameters(plan.training), language),
    size,
  };
  return [fill(texts.of, counts), table(texts.header, rows), ...notes.map(pc.dim)];
}

/** Where the speeds come from, each source once. */
function speedNotes(expected: readonly Expectation[], language: Lang): string[] {
  const texts = explainTexts(language);
  const notes = expected.flatMap(({ speedFrom: { card, on, conditions }, speedAssumes }) => [
    fill(texts.measurement, {
      card: CARDS[card].name,
      date: on,
      conditions: conditions[language],
    }),
    ...(speedAssumes ? [speedAssumes[language]] : []),
  ]);
  const estimated = expected.some(({ speedMeasured }) => !speedMeasured);
  return [...new Set(notes), ...(estimated ? [texts.arithmetic] : [])];
}

/** What decoding was measured, and how the times of an evaluation follow from it. */
function decodingNotes(texts: ExplainTexts): string[] {
  const { card, on, rowTokens, newTokens, perBlock, uncached } = DECODED;
  const said = (batch: number, ...speeds: number[]): string =>
    fill(texts.batch, { batch: String(batch), speeds: speeds.join(' / ') });
  const values = {
    card: CARDS[card].name,
    date: on,
    rowTokens: String(rowTokens),
    newTokens: String(newTokens),
    perBlock: perBlock.map((one) => said(one.batch, one.atOne, one.atFour)).join(texts.and),
    uncached: uncached.map((one) => said(one.batch, one.tokensPerSecond)).join(texts.and),
  };
  return [fill(texts.decoding, values), texts.decodingArithmetic];
}

function notesOf(
  { hosts, training, pilot }: ParsedPlan,
  { starts }: Expectation,
  texts: ExplainTexts,
): string[] {
  const price = yuan(hosts.pricePerHourCny * 100);
  const assumed = {
    date: PRICES_ASSUMED_ON,
    price,
    starts: String(starts),
    start: String(ASSUMED.startSeconds),
  };
  const count = String(training.worldSize);
  const share = `${100 * ASSUMED.severalCards} %`;
  return [
    ...texts.assumptions.map((note) => fill(note, assumed)),
    ...(training.worldSize > 1 ? [fill(texts.several, { count, share })] : []),
    ...(pilot ? [fill(texts.pilot, { count: String(pilot.candidates.length) })] : []),
  ];
}

/** `2.14 M`, `7.62 G`; in Chinese `214 万`, `76.16 亿`. */
function large(number: number, language: Lang): string {
  if (language === 'en') {
    return number < 1e9 ? `${(number / 1e6).toFixed(2)} M` : `${(number / 1e9).toFixed(2)} G`;
  }
  return number < 1e8 ? `${(number / 1e4).toFixed(0)} 万` : `${(number / 1e8).toFixed(2)} 亿`;
}
const yuan = (fen: number): string => (fen / 100).toFixed(2);

function cells(card: CardId, expected: Expectation, language: Lang): string[] {
  const texts = explainTexts(language);
  const time = (seconds: number): string => duration(seconds, language);
  return [
    CARDS[card].name,
    yuan(expected.pricePerHourFen),
    `${(expected.tokensPerSecond / 1000).toFixed(1)}k`,
    time(expected.trainingSeconds),
    time(expected.evaluationSeconds),
    expected.checksSeconds === 0 ? '–' : time(expected.checksSeconds),
    time(expected.otherSeconds),
    time(expected.totalSeconds),
    yuan(expected.fen),
    speedCell(card, expected, texts),
  ];
}

function speedCell(
  card: CardId,
  { speedMeasured, speedFrom, speedAssumes, cards }: Expectation,
  texts: ExplainTexts,
): string {
  const from = { card: CARDS[speedFrom.card].name, date: speedFrom.on };
  if (speedMeasured) return fill(texts.measured, from);
  return speedFrom.card === card && speedAssumes === null && cards === 1
    ? texts.otherLengths
    : fill(texts.estimated, from);
}
