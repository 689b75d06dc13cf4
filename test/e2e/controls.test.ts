import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readState } from '../../src/cli/plan-handle.js';
import { startPlan } from '../../src/cli/start-plan.js';
import { readSummary } from '../../src/cli/summary-file.js';
import { HostRecord } from '../../src/contracts/journal.js';
import type { ResolvedPlan } from '../../src/contracts/plan.js';
import { probeQueue, type StageName } from '../../src/contracts/stages.js';
import type { Summary } from '../../src/contracts/state.js';
import { SampleTrace } from '../../src/contracts/trace.js';
import { hashFolder } from '../../src/store/artifact-files.js';
import { readManifest } from '../../src/store/artifacts.js';
import { cli } from '../helpers/cli.js';
import { eventually } from '../helpers/deadline.js';
import { startHost } from '../helpers/hosts.js';
import { smallPlan, TINY_PLAN } from '../helpers/plans.js';
import { chainOf, resultOf } from '../helpers/results.js';
import { System } from '../helpers/system.js';
import { closed, midway, until } from '../helpers/watching.js';

/** One system for all: stages before full-train are done once and then found in the store. */
let system: System;
beforeAll(async () => {
  system = await System.start();
});
afterAll(() => system?.close());

/** Full-train of each plan has a stage key of its own, by an interval that changes no result. */
async function start(id: string, everySteps: number, ...settings: string[]): Promise<ResolvedPlan> {
  const plan = await smallPlan(id, [
    `checkpoints.everySteps=${everySteps}`,
    'training.steps=90',
    'evaluation.suites.0.questions=8',
    ...settings,
  ]);
  await startPlan(system.client, plan);
  return plan;
}

async function finished(id: string): Promise<Summary> {
  expect(await closed(system, id)).toBe('COMPLETED');
  return readSummary(system.home, id);
}

const stageOf = (summary: Summary, stage: StageName) =>
  summary.stages.find(({ name }) => name === stage)!;

test('tick, logs --follow and the probe queue while training', async () => {
  const id = 'looked-at';
  await start(id, 4);
  const { progress } = await midway(system, id, 'full-train');
  const follower = cli(system, 'logs', id, 'full-train', '--follow');
  let shown = '';
  follower.stdout.on('data', (data: Buffer) => (shown += data.toString()));
  const first = await eventually('the log is shown', () => shown.length);
  const record = await system.client.activity.execute('probeHost', {
    id: 'probe-of-test',
    taskQueue: probeQueue(progress.host),
    startToCloseTimeout: '10s',
  });
  expect(HostRecord.parse(record)).toMatchObject({ id: progress.host, planId: id });
  const ticked = await cli(system, 'tick', id, 'watched');
  expect(ticked.stderr).toBe('');
  expect((await readState(system.client, id)).ticked['watched']).toBeDefined();
  await eventually('new lines are followed', () => shown.length > first);
  follower.kill('SIGINT');
  expect((await follower).exitCode).toBe(0);
  await finished(id);
});

test('a plan that has finished is watched as JSON, exported, and not cancelled', async () => {
  const id = 'looked-at';
  const watched = await cli(system, 'watch', id, '--json');
  expect(watched.exitCode).toBe(0);
  const lines = watched.stdout.split('\n').map((text) => JSON.parse(text) as unknown);
  expect(lines).toMatchObject([{ planId: id, status: 'finished', progress: null }]);
  const folder = join(system.home, 'exported');
  expect((await cli(system, 'export', id, folder)).stderr).toBe('');
  const trained = (await resultOf(system.store, 'full-train'))!.artifacts['model']!;
  const { files } = await readManifest(system.store, trained.digest);
  expect(await hashFolder(folder)).toEqual(expect.arrayContaining([...files]));
  const cancelled = await cli(system, 'cancel', id);
  expect(cancelled.exitCode).toBe(5);
  expect(cancelled.stderr).toMatch(/^looked-at has ended \(finished\)\.\n.*--again/);
});

test('an activity paused in the UI saves a checkpoint and goes on from it', async () => {
  const id = 'activity-paused';
  await start(id, 5);
  await midway(system, id, 'full-train');
  const { raw } = await system.client.workflow.getHandle(id).describe();
  const activity = raw.pendingActivities!.find(
    ({ activityType }) => activityType?.name === 'fullTrain',
  )!;
  const target = {
    namespace: system.config.namespace,
    execution: { workflowId: id },
    id: activity.activityId!,
    identity: 'test',
  };
  await system.client.workflowService.pauseActivity({ ...target, reason: 'a test' });
  const stopped = await eventually('the attempt ends', async () => {
    const found = await chainOf(system.store, id, 'full-train');
    return found?.chain.attempts[0]?.ended ? found.chain : null;
  });
  await system.client.workflowService.unpauseActivity(target);
  await finished(id);
  const { chain } = (await chainOf(system.store, id, 'full-train'))!;
  expect(chain.attempts).toHaveLength(2);
  expect(chain.attempts[1]!.publishedSteps[0]).toBeGreaterThan(stopped.newest!.step);
});

test('a cancelled plan that is started again goes on from its last checkpoint', async () => {
  const id = 'cancelled';
  const plan = await start(id, 6);
  await midway(system, id, 'full-train');
  await cli(system, 'cancel', id);
  expect(await closed(system, id)).toBe('CANCELLED');
  expect((await readSummary(system.home, id)).status).toBe('cancelled');
  const { chain: before } = (await chainOf(system.store, id, 'full-train'))!;
  expect(before.attempts[0]!.ended?.how).toBe('stopped');
  expect(await startPlan(system.client, plan)).toEqual({ kind: 'started' });
  const summary = await finished(id);
  expect(stageOf(summary, 'convert').cached).toBe(true);
  const { chain } = (await chainOf(system.store, id, 'full-train'))!;
  expect(chain.attempts[1]!.publishedSteps[0]).toBeGreaterThan(before.newest!.step);
});

test('retry --from on a running and on a closed plan', async () => {
  const id = 'retried';
  await start(id, 7);
  await midway(system, id, 'full-train');
  expect((await cli(system, 'tick', id, 'watched')).stderr).toBe('');
  expect((await cli(system, 'retry', id, '--from', 'validate')).stderr).toBe('');
  const running = await finished(id);
  expect(stageOf(running, 'convert').cached).toBe(true);
  expect(stageOf(running, 'validate').cached).toBe(false);
  expect(stageOf(running, 'full-train').status).toBe('finished');
  expect((await cli(system, 'retry', id, '--from', 'eval-after')).stderr).toBe('');
  await until(system, id, 'has ended again', ({ status }) => status === 'finished');
  expect((await readState(system.client, id)).ticked).toHaveProperty('watched');
  const again = await finished(id);
  expect(stageOf(again, 'eval-after').cached).toBe(false);
  expect(stageOf(again, 'convert').cached).toBe(true);
});

test('a plan with manual hosts says what to do and waits', async () => {
  const id = 'by-hand';
  await start(id, 8, 'hosts.provider=manual', 'hosts.gpuClass=by-hand');
  const waiting = await until(system, id, 'says what to do', (state) =>
    Boolean(state.current?.waitingFor),
  );
  expect(waiting.current!.waitingFor).toContain('dream-sft worker gpu --gpu-class by-hand');
  await startHost(system, 'by-hand-1', 'by-hand');
  await finished(id);
});

test('its host, free again, answers about the plan as this machine does', async () => {
  const trace = join(system.home, 'trace.jsonl');
  const ask = async (...on: string[]) => {
    const small = ['--set', 'sampling.maxNewTokens=8', 'sampling.blockLength=4', '--json'];
    const asked = await cli(system, 'sample', 'by-hand', '12+30=?', ...on, ...small);
    expect(asked.exitCode, asked.stderr).toBe(0);
    return JSON.parse(asked.stdout) as { readonly answers: readonly { readonly answer: string }[] };
  };
  const there = await ask('--on', 'host', '--watch', '--save-trace', trace);
  expect(there).toMatchObject({ host: 'by-hand-1', device: 'cpu', trace });
  expect(there.answers).toEqual((await ask('--on', 'here')).answers);
  const traced = SampleTrace.parse(JSON.parse(await readFile(trace, 'utf8')));
  expect(traced).toMatchObject({ question: '12+30=?', answer: there.answers[0]!.answer });
});

test('a plan that is terminated in the UI: start --wait, watch and status end and say so', async () => {
  const id = 'terminated';
  const settings = ['checkpoints.everySteps=9', 'training.steps=90', 'data.source.seed=11'];
  const set = settings.flatMap((each) => ['--set', each]);
  const waiting = cli(system, 'start', TINY_PLAN, '--id', id, '--wait', ...set);
  await eventually('it runs', () =>
    system.client.workflow
      .getHandle(id)
      .describe()
      .catch(() => null),
  );
  const watching = cli(system, 'watch', id, '--json');
  await until(system, id, 'works', ({ stages }) => stages.some((one) => one.status === 'running'));
  await system.client.workflow.getHandle(id).terminate('no longer wanted');
  const said = 'The server has closed this run (terminated: no longer wanted).';
  const waited = await waiting;
  expect([waited.exitCode, waited.stderr]).toEqual([1, '']);
  expect(waited.stdout.split('\n').at(-1)).toBe(said);
  const watched = await watching;
  expect(watched.exitCode).toBe(1);
  const last = JSON.parse(watched.stdout.split('\n').at(-1)!) as unknown;
  expect(last).toMatchObject({ planId: id, status: 'failed', failure: said, progress: null });
  const shown = await cli(system, 'status', id);
  expect(shown.exitCode).toBe(0);
  expect(shown.stdout).toContain(said);
  expect(shown.stdout).toContain(`dream-sft retry ${id} --from STAGE`);
});
