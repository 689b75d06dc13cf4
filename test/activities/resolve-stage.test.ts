import { expect, test } from 'vitest';
import { resolveStage } from '../../src/activities/resolve-stage.js';
import type { ResolveStageInput } from '../../src/contracts/activities.js';
import { StageResult } from '../../src/contracts/outcome.js';
import { writeResult } from '../../src/store/results.js';
import { localStore } from '../store/support/examples.js';

const INPUT: ResolveStageInput = {
  ...{ planId: 'p', stage: 'eval-before', configuration: { batchSize: 2 }, inputs: {} },
  ...{ generation: 0, store: { kind: 'local' } },
  shards: [
    { from: 0, to: 4 },
    { from: 4, to: 6 },
  ],
};

test('an evaluation that is done already names its shards as before: their journals tell of it', async () => {
  const store = await localStore();
  const resolve = resolveStage({ store, codeDigest: 'c'.repeat(64) });
  const open = await resolve(INPUT);
  expect(open.finished).toBeNull();
  const keys = [open, ...open.shards!].map(({ stageKey }) => stageKey);
  expect(new Set(keys).size).toBe(3);
  const metrics = {
    kind: 'evaluate',
    evaluate: { suites: {}, secondsPerQuestion: 0, answersThisAttempt: 0 },
  };
  const result = StageResult.parse({
    ...{ stage: 'eval-before', stageKey: open.stageKey, planId: 'p', artifacts: {}, metrics },
    ...{ seconds: 1, finishedAt: '2026-11-24T10:00:00.000Z' },
  });
  await writeResult(store, result);
  const done = await resolve(INPUT);
  expect(done.finished).toEqual(result);
  expect([done, ...done.shards!].map(({ stageKey }) => stageKey)).toEqual(keys);
});
