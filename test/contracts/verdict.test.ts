import { expect, test } from 'vitest';
import { Comparison } from '../../src/contracts/comparison.js';
import { Compared, comparedOf, verdictSentence, withCost } from '../../src/contracts/verdict.js';
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

test('what answering cost is rounded up once, over all questions of a side', () => {
  const [after] = [suiteComparison().after];
  const document = comparison(suiteComparison({ after: { ...after, secondsPerQuestion: 0.18 } }));
  const compared = comparedOf(document);
  expect(compared.suites[0]!.seconds).toEqual({ before: 20, after: 36 });
  // 20 s at ¥1.80 an hour are a fen exactly, 36 s a little less than two.
  expect(Compared.parse(withCost(compared, 180)).suites[0]!.costFen).toEqual({
    before: 1,
    after: 2,
  });
  expect(withCost(compared, 0).suites[0]!.costFen).toEqual({ before: 0, after: 0 });
});

test('a verdict of an older version, which has no seconds, has no cost', () => {
  const compared = comparedOf(comparison(suiteComparison()));
  const { seconds: _, ...older } = compared.suites[0]!;
  const suites = [older];
  expect(withCost({ ...compared, suites }, 180)).toEqual({ ...compared, suites });
});
