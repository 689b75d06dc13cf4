import type { StrategyResult } from '../contracts/strategies.js';
import { duration, percent, table } from './output.js';

/** A, B, …, Z, AA: what stands beside a point of the drawing. */
export function markOf(place: number): string {
  const letter = String.fromCharCode(65 + (place % 26));
  return place < 26 ? letter : markOf(Math.floor(place / 26) - 1) + letter;
}

const HEADER = [
  ...['', 'strategy', 'right', 'score', '95 %', 'to the first', 'same text'],
  ...['tokens/s', 'forwards/answer', 'time'],
];

/** A line a strategy, in the order in which they were named. */
export function strategyTable(results: readonly StrategyResult[]): string {
  return table(
    HEADER,
    results.map((one, i) => [
      markOf(i),
      one.name,
      `${one.correct}/${one.n}`,
      percent(one.score),
      `${(100 * one.interval[0]).toFixed(1)} – ${(100 * one.interval[1]).toFixed(1)}`,
      ...comparison(one),
      one.tokensPerSecond.toFixed(one.tokensPerSecond < 100 ? 1 : 0),
      one.forwardsPerAnswer.toFixed(1),
      one.seconds < 10 ? `${one.seconds.toFixed(1)} s` : duration(one.seconds),
    ]),
  );
}

/** Points of difference, marked where the interval leaves no doubt about the direction. */
function comparison({ againstFirst }: StrategyResult): readonly [string, string] {
  if (againstFirst === null) return ['', ''];
  const { difference, interval, sameText } = againstFirst;
  const points = `${difference < 0 ? '−' : '+'}${Math.abs(100 * difference).toFixed(1)}`;
  const sure = interval[0] > 0 || interval[1] < 0;
  return [difference === 0 ? '0.0' : `${points}${sure ? ' *' : ''}`, percent(sameText)];
}

export const FOOTNOTE =
  'to the first: points of score, paired by question; * its 95 % interval leaves out 0, not\n' +
  'adjusted for several strategies. tokens/s: of answers up to their end, on this device.';
