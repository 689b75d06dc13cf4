import { expect, test } from 'vitest';
import { progressOfShards } from '../../src/cli/progress-of-shards.js';
import { renderProgress } from '../../src/cli/render-progress.js';
import { StageProgress } from '../../src/contracts/progress.js';

const AT = '2026-11-30T20:00:00.000Z';
const progress = (change: Partial<StageProgress> = {}): StageProgress =>
  StageProgress.parse({
    ...{ phase: 'running', attempt: 1, token: 1, host: 'a', trainerPid: 1, done: 2, total: 8 },
    ...{ unit: 'batches', loss: null, tokensPerSecond: null, etaSeconds: 30, tallies: [] },
    ...{ publishedStep: null, publishedDigest: null, cpuPercent: null, gpu: null, log: [] },
    ...{ resumedInexactly: false, at: AT, ...change },
  });
const tally = (correct: number, done: number) => [{ suite: 'gsm8k', correct, done }];

test('one work is itself, none is none', () => {
  expect(progressOfShards([progress()])).toEqual(progress());
  expect(progressOfShards([])).toBeNull();
});

test('shards add up; the slowest tells when all are done', () => {
  const both = progressOfShards([
    progress({ tallies: tally(3, 10) }),
    progress({ done: 4, etaSeconds: 50, tallies: tally(5, 20) }),
  ]);
  expect(both).toMatchObject({ done: 6, total: 16, etaSeconds: 50, tallies: tally(8, 30) });
});

test('the running score counts shards that have finished and those at work', () => {
  const answering = {
    ...({ stage: 'eval-before', what: null, questions: 100, shards: 3, finished: 1 } as const),
    tallies: tally(20, 40),
  };
  const line = renderProgress(progress({ tallies: tally(4, 10) }), answering);
  expect(line).toContain('50/100 questions');
  expect(line).toContain('gsm8k 24/50 (48.0 %)');
  expect(line).toContain('1/3 shards done');
});
