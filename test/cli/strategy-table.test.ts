import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { sharedMarks, strategyDrawing } from '../../src/cli/strategy-drawing.js';
import { markOf, strategyTable } from '../../src/cli/strategy-table.js';
import { SamplingConfig } from '../../src/contracts/sampling.js';
import type { StrategyResult } from '../../src/contracts/strategies.js';

const result = (name: string, change: Partial<StrategyResult> = {}): StrategyResult => ({
  ...{ name, sampling: SamplingConfig.parse({}), batchSize: 4, n: 100, correct: 80, score: 0.8 },
  ...{ interval: [0.711, 0.867], unreadable: 0, empty: 0, truncated: 0, answerTokens: 1200 },
  ...{ meanAnswerTokens: 12, seconds: 4, tokensPerSecond: 300, forwardsPerAnswer: 24 },
  ...{ stepsPerAnswer: 24, forwards: { full: 600, window: 0, commit: 0 }, settings: 'x' },
  ...{ againstFirst: null, ...change },
});
const worse = { difference: -0.1, interval: [-0.17, -0.03], p: 0.01, sameText: 0.5 } as const;
const two = [
  result('given'),
  result('fast', {
    ...{ correct: 70, score: 0.7, interval: [0.604, 0.781], tokensPerSecond: 12.34, seconds: 97 },
    againstFirst: { ...worse, interval: [...worse.interval] },
  }),
];

test('columns are aligned, and a sure difference is marked', () => {
  const [header, first, second] = stripVTControlCharacters(strategyTable(two)).split('\n');
  expect(first).toContain('80/100');
  expect(second).toContain('60.4 – 78.1');
  expect(second).toContain('−10.0 *');
  expect(second).toContain('12.3');
  for (const [title, one, other] of [
    ['strategy', 'given', 'fast'],
    ['score', '80.0 %', '70.0 %'],
    ['forwards/answer', '24.0', '24.0'],
    ['time', '4.0 s', '1 min 37 s'],
  ] as const) {
    expect(first!.indexOf(one)).toBe(header!.indexOf(title));
    expect(second!.indexOf(other)).toBe(header!.indexOf(title));
  }
});

test('a difference that may be chance has no mark', () => {
  const againstFirst = { ...worse, interval: [-0.2, 0.01] as [number, number] };
  expect(strategyTable([two[0]!, result('b', { againstFirst })])).toMatch(/−10\.0 {2}/);
});

test('marks go on after Z', () => {
  expect([0, 25, 26, 27, 52].map(markOf)).toEqual(['A', 'Z', 'AA', 'AB', 'BA']);
});

test('points that lie together share a label', () => {
  const marks = sharedMarks([
    ...([
      [10, 0.5],
      [100, 0.5],
      [11, 0.52],
      [10, 0.9],
    ] as const),
  ]);
  expect(marks).toEqual(['A C', 'B', '', 'D']);
});

test('the drawing is one file with a point a strategy in both plots, names escaped', () => {
  const svg = strategyDrawing('a <b> & c', two);
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  expect(svg.match(/<svg/g)).toHaveLength(1);
  expect(svg.match(/<circle/g)).toHaveLength(4);
  expect(svg).toContain('a &lt;b&gt; &amp; c');
  expect(svg).toContain('A  given, 80.0 %');
});
