import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ActivityCancellationDetails } from '@temporalio/common';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { TrainerEvent } from '../../../src/contracts/events.js';
import type { StageTiming } from '../../../src/activities/deps.js';
import { Beat } from '../../../src/activities/trainer/beat.js';
import { Orders } from '../../../src/activities/trainer/orders.js';
import { TrainerRunner, type TrainerRun } from '../../../src/activities/trainer/run-trainer.js';
import type { TrainerExit, TrainerOptions } from '../../../src/processes/trainer.js';
import { openLab, quietEnvironment, stageOf } from '../support/lab.js';

const ended = (change: Partial<TrainerExit> = {}): TrainerExit => ({
  code: null,
  signal: null,
  result: null,
  lastError: null,
  logTail: [],
  ...change,
});
const STOPPED = ended({ code: 75 });
const KILLED = ended({ signal: 'SIGKILL' });

/** A process that does what the test says, and whether it obeys SIGTERM. */
function scriptedTrainer(obeys = true) {
  const asked: string[] = [];
  let end = (_exit: TrainerExit): void => undefined;
  const exited = new Promise<TrainerExit>((resolve) => (end = resolve));
  let tell = (_options: TrainerOptions): void => undefined;
  const started = new Promise<TrainerOptions>((resolve) => (tell = resolve));
  const start = (options: TrainerOptions) => {
    asked.push('start');
    tell(options);
    return {
      pid: 4711,
      exited,
      answers: async () => true,
      stop: () => {
        asked.push('stop');
        if (obeys) end(STOPPED);
      },
      kill: () => {
        asked.push('kill');
        end(KILLED);
      },
    };
  };
  return { asked, start, started, end };
}

interface World {
  readonly env: MockActivityEnvironment;
  readonly beat: Beat;
  readonly runner: TrainerRunner;
  readonly folder: string;
  readonly events: string[];
  readonly at: (ms: number) => void;
  readonly run: () => Promise<TrainerRun>;
}

async function world(
  trainer: ReturnType<typeof scriptedTrainer>,
  timing: Partial<StageTiming> = {},
): Promise<World> {
  let now = 0;
  const lab = await openLab({
    startTrainer: trainer.start,
    now: () => new Date(now),
    timing: { beatMs: 1, ...timing },
  });
  onTestFinished(() => lab.close());
  const input = await stageOf(lab, 'full-train', [{}]);
  const env = quietEnvironment();
  const orders = await env.run(async () => new Orders());
  const beat = await env.run(async () => new Beat(lab.deps, input, 'steps', orders));
  const runner = new TrainerRunner(lab.deps, orders);
  const folder = join(lab.home, 'attempt');
  const events: string[] = [];
  const spec = { command: 'validate', dataset: 'd' } as never;
  const onEvent = ({ type }: { type: string }): void => void events.push(type);
  const run = () => env.run(() => runner.run({ folder, runDir: lab.home, spec, beat, onEvent }));
  return { env, beat, runner, folder, events, at: (ms) => void (now = ms), run };
}

test('a trainer is given its spec as a file; its events, budget and exit come back', async () => {
  const trainer = scriptedTrainer();
  const { run, beat, events, folder } = await world(trainer);
  const running = run();
  const options = await trainer.started;
  expect(options.specPath).toBe(join(folder, 'validate.json'));
  expect(JSON.parse(await readFile(options.specPath, 'utf8'))).toMatchObject({ dataset: 'd' });
  expect(beat.progress).toMatchObject({ phase: 'starting', trainerPid: 4711 });
  const told = { device: 'NVIDIA H20', tokenBudget: 512, tokens: 1024, documents: null };
  const budget = { resource: 'gpu-memory', ...told } as const;
  options.onEvent({ type: 'budget', ...budget });
  options.onLogLine('a line for people');
  trainer.end(ended({ code: 69 }));
  expect(await running).toEqual({ exit: ended({ code: 69 }), reason: null, budget });
  expect(events).toEqual(['budget']);
  expect(beat.progress).toMatchObject({ trainerPid: null, log: ['a line for people'] });
});

test('what was told to end before is never started', async () => {
  const trainer = scriptedTrainer();
  const { env, run } = await world(trainer);
  env.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
  expect(await run()).toMatchObject({ reason: 'cancel-requested', exit: { code: null } });
  expect(trainer.asked).toEqual([]);
});

test('a cancellation asks the trainer to stop, and lets it', async () => {
  const trainer = scriptedTrainer();
  const { env, run } = await world(trainer, { stopMs: 1_000_000 });
  const running = run();
  await trainer.started;
  env.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
  expect(await running).toMatchObject({ reason: 'cancel-requested', exit: STOPPED });
  expect(trainer.asked).toEqual(['start', 'stop']);
});

test('one that does not stop is killed, on a host that is about to be taken the sooner', async () => {
  const causes = [
    [{ cancelRequested: true }, { stopMs: 1, shutdownMs: 1_000_000 }, 'cancel-requested'],
    [{ workerShutdown: true }, { stopMs: 1_000_000, shutdownMs: 1 }, 'worker-shutdown'],
    [{ timedOut: true }, { stopMs: 1_000_000, shutdownMs: 1 }, 'connection-lost'],
  ] as const;
  for (const [details, timing, reason] of causes) {
    const trainer = scriptedTrainer(false);
    const { env, run } = await world(trainer, timing);
    const running = run();
    await trainer.started;
    env.cancel('CANCELLED', new ActivityCancellationDetails(details));
    expect(await running).toMatchObject({ reason, exit: KILLED });
    expect(trainer.asked).toEqual(['start', 'stop', 'kill']);
  }
});

test('one that gives no sign of progress for too long is killed as hung', async () => {
  const trainer = scriptedTrainer(false);
  const { run, at } = await world(trainer, { beatMs: 1, startFloorMs: 5 });
  const running = run();
  await trainer.started;
  // No jump, which would be the sleep of a machine.
  at(5);
  expect(await running).toMatchObject({ reason: 'hung', exit: KILLED });
});

test('superseded, it is killed without a word, and no other is started', async () => {
  const trainer = scriptedTrainer();
  const { run, runner } = await world(trainer);
  const running = run();
  await trainer.started;
  runner.supersede();
  expect(await running).toMatchObject({ reason: 'superseded', exit: KILLED });
  expect(await run()).toMatchObject({ reason: 'superseded', exit: { signal: null } });
  expect(trainer.asked).toEqual(['start', 'kill']);
});

test('a line in its log is a sign that it lives', async () => {
  const trainer = scriptedTrainer();
  const { run, beat, at } = await world(trainer, { beatMs: 10 });
  const running = run();
  const options = await trainer.started;
  at(40);
  expect(beat.pace.silentMs(40)).toBe(40);
  options.onLogLine('still waiting for a checkpoint');
  expect(beat.pace.silentMs(40)).toBe(0);
  trainer.end(STOPPED);
  await running;
});

test('after its last step it has no pace: it may save a model for as long as a start takes', async () => {
  const trainer = scriptedTrainer();
  const { run, beat, at } = await world(trainer);
  const running = run();
  const { onEvent } = await trainer.started;
  const paces = [1, 2, 3].map((step) => {
    at(step);
    onEvent({ type: 'step', step, totalSteps: 3 } as TrainerEvent);
    return beat.pace.secondsEach;
  });
  expect(paces).toEqual([null, 0.001, null]);
  trainer.end(STOPPED);
  await running;
});
