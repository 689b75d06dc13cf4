import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/activity';
import { expect, onTestFinished, test } from 'vitest';
import type { AttemptTools, StageWork } from '../../../src/activities/gpu/attempt.js';
import { conclude } from '../../../src/activities/gpu/conclude.js';
import { Hold } from '../../../src/activities/gpu/hold.js';
import { Leaving } from '../../../src/activities/gpu/leaving.js';
import { Losses } from '../../../src/activities/gpu/losses.js';
import { Publisher } from '../../../src/activities/gpu/publisher.js';
import type { Reason } from '../../../src/activities/judge-exit.js';
import { Beat } from '../../../src/activities/trainer/beat.js';
import { attemptFolder, stageFolders } from '../../../src/activities/trainer/folders.js';
import { Orders } from '../../../src/activities/trainer/orders.js';
import { type TrainerRun, TrainerRunner } from '../../../src/activities/trainer/run-trainer.js';
import type { TrainerExit } from '../../../src/processes/trainer.js';
import { Chain } from '../../../src/store/chain.js';
import { readResult } from '../../../src/store/results.js';
import { failure, openLab, quietEnvironment, stageOf } from '../support/lab.js';

const manifest = { digest: 'd'.repeat(64), bytes: 3 };
const WHO = { planId: 'p', stage: 'full-train', host: 'host-a', boot: 'b', attempt: 1 } as const;

const evaluate = { suites: {}, secondsPerQuestion: 1, answersThisAttempt: 0 };
const METRICS = { kind: 'evaluate', evaluate } as const;

/** An attempt at step 7 with a checkpoint of step 4, whose trainer has just ended. */
async function attempt() {
  const lab = await openLab();
  onTestFinished(() => lab.close());
  const { deps } = lab;
  const input = await stageOf(lab, 'full-train', [{}]);
  const chain = new Chain(lab.store, input.stageKey);
  const hold = new Hold(chain, await chain.acquire(WHO));
  const { token, before } = hold;
  await chain.publish(token, { manifest, step: 4, host: 'host-a' });
  const folders = stageFolders(deps, input);
  const folder = attemptFolder(folders, token);
  await mkdir(join(folder, 'restore'), { recursive: true });
  await mkdir(attemptFolder(folders, 99), { recursive: true });
  const env = quietEnvironment();
  const tools = await env.run(async (): Promise<AttemptTools> => {
    const orders = new Orders();
    const beat = new Beat(deps, input, 'steps', orders);
    beat.set({ done: 7 });
    const runner = new TrainerRunner(deps, orders);
    const leaving = new Leaving(deps, beat, orders);
    const superseded = (): void => runner.supersede();
    const publisher = new Publisher(deps, hold, 2, beat, superseded, leaving);
    const losses = new Losses(deps, input, chain, before);
    const own = { deps, input, chain, hold, folders, folder };
    return { ...own, runner, beat, publisher, losses, leaving, restored: null, resumedFrom: 0 };
  });
  const work: StageWork = {
    unit: 'steps',
    keep: 1,
    run: () => Promise.reject(new Error('it has run')),
    result: async () => ({ artifacts: { model: manifest }, metrics: METRICS }),
  };
  const end = (run: TrainerRun) => env.run(() => conclude(tools, work, run));
  const how = async (of = token) =>
    (await chain.fold()).attempts.find((one) => one.token === of)?.ended;
  return { lab, input, chain, token, folder, folders, tools, work, env, end, how };
}

const run = (
  exit: Partial<TrainerExit>,
  reason: Reason | null = null,
  budget: TrainerRun['budget'] = null,
): TrainerRun => ({
  exit: { code: null, signal: null, result: null, lastError: null, logTail: [], ...exit },
  reason,
  budget,
});

test('asked to stop, an attempt returns its newest checkpoint, and drops what it had restored', async () => {
  const { end, how, folder } = await attempt();
  const outcome = await end(run({ code: 75 }, 'cancel-requested'));
  expect(outcome).toEqual({ kind: 'stopped', checkpoint: { step: 4, artifact: manifest } });
  expect(await how()).toMatchObject({ how: 'stopped', step: 7 });
  expect(existsSync(join(folder, 'restore'))).toBe(false);
  expect(existsSync(folder)).toBe(true);
});

test('paused by Temporal it ends as cancelled, its stop journalled; cut off, nothing is', async () => {
  const paused = await attempt();
  const outcome = paused.end(run({ code: 75 }, 'activity-paused'));
  await expect(outcome).rejects.toBeInstanceOf(CancelledFailure);
  expect(await paused.how()).toMatchObject({ how: 'stopped' });
  const cut = await attempt();
  const lost = cut.end(run({ code: 75 }, 'connection-lost'));
  await expect(lost).rejects.toBeInstanceOf(CancelledFailure);
  expect(await cut.how()).toBeNull();
});

test('a failure is journalled with its budget, step and message, and typed', async () => {
  const { end, how, chain } = await attempt();
  const told = { device: 'NVIDIA H20', tokenBudget: 512, tokens: 1024, documents: null };
  const budget = { resource: 'gpu-memory', ...told } as const;
  const lastError = { type: 'error', reason: 'resources', message: 'no memory', mistakes: [] };
  const error = await failure(end(run({ code: 69, lastError: lastError as never }, null, budget)));
  expect(error).toMatchObject({ type: 'OutOfResources', message: 'no memory' });
  expect(await how()).toMatchObject({ how: 'failed', step: 7, message: 'no memory' });
  expect((await chain.fold()).budget).toMatchObject(told);
});

test('a zombie says that it was superseded, and writes no end of its own', async () => {
  const { end, chain, token, tools, how } = await attempt();
  await chain.acquire({ ...WHO, attempt: 2 });
  tools.publisher.refused = true;
  expect(await failure(end(run({ signal: 'SIGKILL' })))).toMatchObject({ type: 'Superseded' });
  expect(await how(token)).toBeNull();
});

const FINISHED = { code: 0, result: { type: 'result', command: 'train' } as never };

test('finished: the result stands under its key, and what attempts left on the host is gone', async () => {
  const { end, how, lab, input, folder, folders } = await attempt();
  expect(await end(run(FINISHED))).toMatchObject({
    kind: 'finished',
    result: { stage: 'full-train', artifacts: { model: manifest } },
  });
  expect(await how()).toMatchObject({ how: 'finished', step: 7 });
  expect((await readResult(lab.store, input.stageKey))?.artifacts).toEqual({ model: manifest });
  expect(existsSync(folder)).toBe(false);
  // Of a token that the chain does not know: nobody has said that it has ended.
  expect(existsSync(attemptFolder(folders, 99))).toBe(true);
});

test('finished too late: the newer attempt’s result counts, this one leaves none', async () => {
  const { end, chain, lab, input } = await attempt();
  await chain.acquire({ ...WHO, attempt: 2 });
  expect(await failure(end(run(FINISHED)))).toMatchObject({ type: 'Superseded' });
  expect(await readResult(lab.store, input.stageKey)).toBeUndefined();
});
