import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityCancellationDetails } from '@temporalio/common';
import { CancelledFailure } from '@temporalio/activity';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FailureType } from '../../../src/contracts/failures.js';
import { attempt, chainOf, failure, openLab, stageOf, type Lab } from '../support/lab.js';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

describe('an attempt that finishes', () => {
  it('publishes checkpoints, model and run, and leaves its result', async () => {
    const input = await stageOf(lab, 'full-train', [{ steps: 6 }]);
    const first = attempt(lab.deps, input);
    const outcome = await first.outcome;
    if (outcome.kind !== 'finished') throw new Error(outcome.kind);
    expect(Object.keys(outcome.result.artifacts).sort()).toEqual(['model', 'run']);
    const chain = await chainOf(lab, input);
    expect(chain.newest?.step).toBe(6);
    expect(chain.attempts[0]?.ended?.how).toBe('finished');
    const sizes = first.beats.map((beat) => JSON.stringify(beat).length);
    expect(Math.max(...sizes)).toBeLessThan(2048);
    expect(first.beats[0]).toMatchObject({ phase: 'preparing', token: null });
  });

  it('is not run again: the standing result is returned', async () => {
    const input = await stageOf(lab, 'full-train', [{ steps: 4 }, { end: 64 }]);
    const first = await attempt(lab.deps, input).outcome;
    expect(await attempt(lab.deps, input).outcome).toEqual(first);
    expect((await chainOf(lab, input)).attempts).toHaveLength(1);
  });

  it('smoke-train measures steps and answers', async () => {
    const input = await stageOf(lab, 'smoke-train', [{ steps: 2, nll: [3, 2] }]);
    const booted = Date.parse('2026-11-24T10:00:00Z');
    const now = (): Date => new Date(booted + 4000);
    const host = { ...lab.deps.host, startedAt: booted };
    const asked = { currentAttemptScheduledTimestampMs: booted - 3_600_000 };
    const outcome = await attempt({ ...lab.deps, host, now }, input, asked).outcome;
    // A person took an hour to start the host: only its own start counts.
    expect(outcome).toMatchObject({ result: { metrics: { pace: { hostStartSeconds: 4 } } } });
    expect(outcome).toMatchObject({
      result: {
        metrics: {
          kind: 'smoke-train',
          secondsToReady: 0.1,
          pace: {
            readySeconds: 0.1,
            secondsPerStep: 0.1,
            validationSeconds: 0.25,
            secondsPerBatch: 0.4,
            batchQuestions: 2,
          },
        },
      },
    });
  });

  it('an evaluation goes on from published answers', async () => {
    const input = await stageOf(lab, 'eval-before', [
      { steps: 6, at: 4, end: 'kill' },
      { steps: 6 },
    ]);
    await failure(attempt(lab.deps, input).outcome);
    const outcome = await attempt(lab.deps, input, { attempt: 2 }).outcome;
    expect(outcome).toMatchObject({ result: { metrics: { evaluate: { answersThisAttempt: 2 } } } });
  });
});

describe('an attempt whose trainer fails', () => {
  const CASES: readonly [number | string, FailureType, boolean, string][] = [
    [64, 'BadSpec', true, 'failed'],
    [65, 'BadData', true, 'failed'],
    [66, 'Diverged', true, 'failed'],
    [69, 'OutOfResources', false, 'failed'],
    [1, 'TrainerCrashed', false, 'crashed'],
    ['kill', 'TrainerCrashed', false, 'crashed'],
    [75, 'Preempted', false, 'preempted'],
  ];
  it.each(CASES)('exit %s becomes %s', async (end, type, nonRetryable, how) => {
    const input = await stageOf(lab, 'full-train', [{ steps: 6, at: 3, end }]);
    const error = await failure(attempt(lab.deps, input).outcome);
    expect(error).toMatchObject({ type, nonRetryable });
    expect(error.message.length).toBeLessThan(500);
    const chain = await chainOf(lab, input);
    expect(chain.attempts[0]?.ended?.how).toBe(how);
    expect(chain.newest?.step).toBe(2);
    expect(chain.budget?.tokenBudget).toBe(end === 69 ? 512 : undefined);
    if (type === 'BadData') expect(error.message).toContain('told to at 3; one; two');
  });

  it('a hang is killed', async () => {
    const timing = { ...lab.deps.timing, hangFloorMs: 200, startFloorMs: 400, hangFactor: 1 };
    const input = await stageOf(lab, 'full-train', [{ steps: 6, at: 3, end: 'hang' }]);
    const error = await failure(attempt({ ...lab.deps, timing }, input).outcome);
    expect(error.type).toBe('TrainerHung');
  });

  it('three crashes in a row without a checkpoint end the stage', async () => {
    const crash = { steps: 6, at: 3, end: 1 };
    // The first makes a checkpoint of step 2, from which none of the others comes any further.
    const vain = { ...crash, checkpointEvery: 9 };
    const script = [crash, vain, vain, vain, { steps: 6 }];
    const input = await stageOf(lab, 'full-train', script);
    const types: (string | null | undefined)[] = [];
    for (const number of [1, 2, 3, 4, 5]) {
      types.push((await failure(attempt(lab.deps, input, { attempt: number }).outcome)).type);
    }
    expect(types).toEqual([...Array<string>(4).fill('TrainerCrashed'), 'NoProgress']);
    // What a plan that is started again does: the same chain, from its newest checkpoint.
    const again = await attempt(lab.deps, input).outcome;
    expect(again).toMatchObject({ result: { metrics: { train: { stepsThisAttempt: 4 } } } });
  });

  it('a full store is no crash: after three attempts the stage waits for a person', async () => {
    const input = await stageOf(lab, 'full-train', [{ steps: 6 }]);
    // A real error of a real device: every write there finds no space.
    Object.assign(lab.store, { putFile: () => writeFile('/dev/full', 'weights') });
    const failures = [];
    for (const number of [1, 2, 3, 4]) {
      failures.push(await failure(attempt(lab.deps, input, { attempt: number }).outcome));
    }
    expect(failures.map(({ type, nonRetryable }) => [type, nonRetryable])).toEqual([
      ...Array.from({ length: 3 }, () => ['OutOfResources', false]),
      ['OutOfResources', true],
    ]);
    expect(failures[3]?.message).toMatch(/^No space left on this host \(ENOSPC.*free some$/);
  });

  it('another trainer version, a missing Python and a missing input are named', async () => {
    const input = await stageOf(lab, 'full-train', [{}]);
    const other = { ...lab.deps, codeDigest: 'd'.repeat(64) };
    expect((await failure(attempt(other, input).outcome)).type).toBe('CodeMismatch');
    const bare = { ...lab.deps, python: join(lab.home, 'no-python') };
    expect((await failure(attempt(bare, input).outcome)).type).toBe('MissingTool');
    const missing = { digest: 'e'.repeat(64), bytes: 1 };
    const lost = { ...input, inputs: { ...input.inputs, base: missing } };
    expect((await failure(attempt(lab.deps, lost).outcome)).type).toBe('BadData');
  });
});

describe('an attempt that is told to end', () => {
  const waiting = [{ steps: 6, at: 3, end: 'wait' }, { steps: 6 }];

  it('cancelled: returns stopped with the last checkpoint, and goes on from there', async () => {
    const input = await stageOf(lab, 'full-train', waiting);
    const first = attempt(lab.deps, input);
    await first.until(({ done }) => done === 3);
    first.env.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
    expect(await first.outcome).toMatchObject({ kind: 'stopped', checkpoint: { step: 3 } });
    const outcome = await attempt(lab.deps, input).outcome;
    expect(outcome).toMatchObject({ result: { metrics: { train: { stepsThisAttempt: 3 } } } });
    expect((await chainOf(lab, input)).postMortems).toEqual([]);
  });

  it('shut down: Preempted, with the checkpoint published', async () => {
    const input = await stageOf(lab, 'full-train', waiting);
    const first = attempt(lab.deps, input);
    await first.until(({ done }) => done === 3);
    first.env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    const error = await failure(first.outcome);
    expect(error).toMatchObject({ type: 'Preempted', nonRetryable: false, nextRetryDelay: '1s' });
    const chain = await chainOf(lab, input);
    expect([chain.newest?.step, chain.attempts[0]?.ended?.how]).toEqual([3, 'preempted']);
  });

  it('paused by Temporal: CancelledFailure after the checkpoint', async () => {
    const input = await stageOf(lab, 'full-train', waiting);
    const first = attempt(lab.deps, input);
    await first.until(({ done }) => done === 3);
    first.env.cancel('PAUSED', new ActivityCancellationDetails({ paused: true }));
    await expect(first.outcome).rejects.toBeInstanceOf(CancelledFailure);
    expect((await chainOf(lab, input)).newest?.step).toBe(3);
  });

  it('cut off with nothing granted: stops the trainer and writes no end', async () => {
    const deadlineAt = new Date(0).toISOString();
    const input = { ...(await stageOf(lab, 'full-train', waiting)), deadlineAt };
    const first = attempt(lab.deps, input);
    const { trainerPid } = await first.until(({ done }) => done === 3);
    first.env.cancel('TIMED_OUT', new ActivityCancellationDetails({ timedOut: true }));
    await expect(first.outcome).rejects.toBeInstanceOf(CancelledFailure);
    expect((await chainOf(lab, input)).attempts[0]?.ended).toBeNull();
    expect(() => process.kill(trainerPid ?? 0, 0)).toThrow();
  });
});
