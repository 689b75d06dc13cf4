import { expect, test } from 'vitest';
import { Comparison } from '../../src/contracts/comparison.js';
import { Compared, comparedOf, verdictSentence } from '../../src/contracts/verdict.js';
import { comparison, suiteComparison } from '../helpers/comparison.js';

const told = (changes: Parameters<typeof suiteComparison>[0], zh = false): string => {
  const document = Comparison.parse(comparison(suiteComparison(changes)));
  return verdictSentence(Compared.parse(comparedOf(document)).suites[0]!, zh);
};

test('a gain: difference, interval and the p that it was judged by, in both languages', () => {
  expect(told({})).toBe(
    'gsm8k: better, +10.0 points (95 %: +3.1 to +16.9), p 0.012, 200 questions',
  );
  expect(told({}, true)).toBe('gsm8k：变好，+10.0 分（95 %：+3.1 至 +16.9），p 0.012，200 题');
});

test('a loss, and what is screening only', () => {
  const lost = {
    verdict: 'worse',
    difference: -0.2,
    interval: [-0.31, -0.1] as [number, number],
    pHolm: 0.00001,
    n: 50,
    screeningOnly: true,
  } as const;
  const loss = { ...lost, interval: [...lost.interval] as [number, number] };
  expect(told(loss)).toBe(
    'gsm8k: worse, -20.0 points (95 %: -31.0 to -10.0), p < 0.001, 50 questions; screening only',
  );
  expect(told(loss, true)).toContain(
    '变差，-20.0 分（95 %：-31.0 至 -10.0），p < 0.001，50 题；仅供初筛',
  );
});

test('no answer changed: the interval is not a point, and zero has no sign', () => {
  const same = { verdict: 'no distinguishable change', difference: 0, pHolm: 1 } as const;
  expect(told({ ...same, interval: [0, 0], newcombe: [-0.0004, 0.019] })).toBe(
    'gsm8k: no distinguishable change, 0.0 points (95 %: 0.0 to +1.9), p 1.000, 200 questions',
  );
  expect(told({ ...same, interval: [0, 0] }, true)).toContain('没有可分辨的变化');
});
