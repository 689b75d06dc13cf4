import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPrepActivities } from '../../../src/activities/create-prep-activities.js';
import type { StageDeps, TrainerExit } from '../../../src/activities/deps.js';
import { failure, type Lab, openLab, quietEnvironment } from '../support/lab.js';
import { inputOf } from '../support/real.js';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

const CRASHED: TrainerExit = {
  code: 1,
  signal: null,
  result: null,
  lastError: null,
  logTail: ['IndexError: 7'],
};
const lastError = { type: 'error', reason: 'network', message: 'the hub is away' } as const;
const AWAY: TrainerExit = { ...CRASHED, lastError: { ...lastError, mistakes: [] } };

/** One attempt whose trainer ends so; how the attempt failed. */
async function fails(exit: TrainerExit, attempt: number, activityId = '1') {
  const startTrainer: StageDeps['startTrainer'] = () => ({
    pid: 0,
    exited: Promise.resolve(exit),
    stop: () => undefined,
    kill: () => undefined,
  });
  const source = { kind: 'file', path: 'model' };
  const sources = { base: source, dataset: source };
  const input = inputOf('download', '5', { sources, suites: [] });
  const env = quietEnvironment({ attempt, activityId });
  const activities = createPrepActivities({ ...lab.deps, startTrainer });
  return failure(env.run((given: typeof input) => activities.download(given), input));
}

test('a prep stage whose trainer crashes three times has failed', async () => {
  const types = [];
  for (const attempt of [1, 2, 3]) types.push(await fails(CRASHED, attempt));
  expect(types.map(({ type }) => type)).toEqual(['TrainerCrashed', 'TrainerCrashed', 'NoProgress']);
  expect(types.map(({ nonRetryable }) => nonRetryable)).toEqual([false, false, true]);
  expect(types[2]?.message).toContain('IndexError: 7');
});

test('a network that is away for long does not fail it, nor do lost workers', async () => {
  for (const attempt of [1, 2, 3, 4]) {
    expect((await fails(AWAY, attempt)).type).toBe('SourceAway');
  }
  expect((await fails(CRASHED, 9)).type).toBe('TrainerCrashed');
});

test('a stage that is scheduled anew gets three attempts of its own', async () => {
  for (const attempt of [1, 2, 3]) await fails(CRASHED, attempt);
  expect((await fails(CRASHED, 1, '2')).type).toBe('TrainerCrashed');
});
