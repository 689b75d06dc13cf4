import { expect, test } from 'vitest';
import type { StageResult } from '../../../src/contracts/outcome.js';
import { answeringOf, expectedAnswers } from '../../../src/workflows/policy/answering.js';

const suite = (correct: number, n: number) => ({
  ...{ score: correct / n, n, correct, interval: [0, 1] as [number, number] },
  ...{ unreadable: 0, meanAnswerTokens: 1, seconds: 1 },
});
const result = (suites: Record<string, unknown>) =>
  ({ metrics: { kind: 'evaluate', evaluate: { suites } } }) as unknown as StageResult;

test('what has finished adds up by suite; what has not is questions only', () => {
  const shards = [
    { from: 0, to: 30, finished: result({ gsm8k: suite(10, 20), cd3: suite(5, 10) }) },
    { from: 30, to: 60, finished: result({ cd3: suite(7, 30) }) },
    { from: 60, to: 70, finished: null },
  ];
  expect(answeringOf({ stage: 'eval-before', part: 'again' }, shards)).toEqual({
    stage: 'eval-before',
    what: 'again',
    questions: 70,
    shards: 3,
    finished: 2,
    tallies: [
      { suite: 'gsm8k', correct: 10, done: 20 },
      { suite: 'cd3', correct: 12, done: 40 },
    ],
  });
});

test('each suite must have all its answers', () => {
  const suites = [
    { name: 'gsm8k', questions: 20, seed: 0 } as const,
    { name: 'cd3', questions: 40, seed: 0 } as const,
  ];
  expect(expectedAnswers({ suites })).toEqual({ gsm8k: 20, cd3: 40 });
});
