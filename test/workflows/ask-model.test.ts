import { CancelledFailure, Context } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { askOnHost } from '../../src/cli/ask-on-host.js';
import type { Revealed } from '../../src/cli/denoising-canvas.js';
import { loadConfig } from '../../src/config/config.js';
import { ASK_WORKFLOW, type AskActivities, type AskInput } from '../../src/contracts/asking.js';
import { SamplingConfig } from '../../src/contracts/sampling.js';
import { CONTROL_QUEUE, gpuQueue } from '../../src/contracts/stages.js';
import { until } from '../support/until.js';
import { World } from './support/world.js';

let world: World;
let connection: NativeConnection;
beforeAll(async () => {
  world = await World.open();
  connection = await NativeConnection.connect({ address: world.address });
}, 60_000);
afterAll(async () => {
  await connection.close();
  await world.close();
}, 60_000);

/** Hosts of the test that runs; each has one slot, as real ones do. */
let leave: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(leave.map((one) => one()));
  leave = [];
});

async function host(gpuClass: string, answerQuestions: AskActivities['answerQuestions']) {
  const worker = await Worker.create({
    connection,
    taskQueue: gpuQueue(gpuClass),
    activities: { ...world.stages.gpu, answerQuestions },
    maxConcurrentActivityTaskExecutions: 1,
    maxHeartbeatThrottleInterval: '100ms',
  });
  const running = worker.run();
  leave.push(() => {
    worker.shutdown();
    return running;
  });
}

const ref = { digest: 'a'.repeat(64), bytes: 1 };
const asked = (gpuClass: string, change: Partial<AskInput> = {}): AskInput => ({
  model: { artifact: ref, folder: '', tokenizer: ref, store: { kind: 'local' } },
  hosts: { gpuClass, device: 'cpu' },
  ...{ questions: ['1+1=?'], systemPrompt: null, sampling: SamplingConfig.parse({}) },
  ...{ watch: false, trace: false, patienceSeconds: 60 },
  ...change,
});
const ask = (input: AskInput, hear: (reveals: readonly Revealed[]) => void = () => undefined) => {
  const settings = loadConfig({ home: world.home, connection: { address: world.address } });
  return askOnHost(settings, input, hear);
};

const answer = {
  host: 'here',
  metrics: {
    answers: [{ question: '1+1=?', answer: '2', tokens: 1, steps: 1 }],
    ...{ secondsPerToken: 1, seconds: 1 },
  },
  trace: null,
};
const revealed: Revealed = {
  ...{ type: 'revealed', question: 0, step: 0, canvas: 1 },
  tokens: [{ position: 0, token: 7, text: '2', confidence: 1 }],
};

/** Until it is cancelled; `begun` and `ended` tell what has become of it. */
function holding() {
  const seen = { begun: false, ended: false };
  const hold: AskActivities['answerQuestions'] = async () => {
    seen.begun = true;
    const context = Context.current();
    try {
      for (;;) {
        context.heartbeat({ host: 'here', reveals: [revealed] });
        await context.sleep(50);
      }
    } catch (error) {
      seen.ended = error instanceof CancelledFailure;
      throw error;
    }
  };
  return { seen, hold };
}

test('a host with a free slot answers, and what it reveals is heard meanwhile', async () => {
  let heard: readonly Revealed[] = [];
  await host('free', async () => {
    const context = Context.current();
    // It goes on until somebody has heard it: no step is told by luck.
    while (heard.length === 0) {
      context.heartbeat({ host: 'here', reveals: [revealed] });
      await context.sleep(50);
    }
    return answer;
  });
  const hear = (reveals: readonly Revealed[]): void => {
    if (reveals.length > 0) heard = reveals;
  };
  expect(await ask(asked('free', { watch: true }), hear)).toEqual(answer);
  expect(heard).toEqual([revealed]);
});

test('where no host takes it in time the refusal says so and what to do', async () => {
  await expect(ask(asked('none', { patienceSeconds: 1 }))).rejects.toMatchObject({
    message: 'No host of class none had a free slot within 1 s.',
    advice: expect.stringContaining('--on here'),
    exitCode: 5,
  });
});

test('a stage that waits for the slot goes first, and has its turn', async () => {
  const { seen, hold } = holding();
  await host('busy', hold);
  const asking = ask(asked('busy'));
  asking.catch(() => undefined);
  await until('is being answered', () => seen.begun);
  const plan = await world.plan('comes', {});
  const handle = await world.start(
    { ...plan, hosts: { ...plan.hosts, gpuClass: 'busy' } },
    'comes',
  );
  await expect(asking).rejects.toMatchObject({
    message: 'A stage waits for a host of class busy, and goes first.',
    exitCode: 5,
  });
  expect(seen.ended).toBe(true);
  await until('the stage has had its turn', () =>
    world.stages.ran.some(({ planId, stage }) => planId === 'comes' && stage === 'smoke-train'),
  );
  await handle.terminate();
});

test('a question that waits beside another does not drive it out', async () => {
  const { seen, hold } = holding();
  await host('shared', hold);
  const first = await world.client.workflow.start(ASK_WORKFLOW, {
    args: [asked('shared')],
    workflowId: 'ask-first',
    taskQueue: CONTROL_QUEUE,
  });
  await until('is being answered', () => seen.begun);
  await expect(ask(asked('shared', { patienceSeconds: 3 }))).rejects.toMatchObject({
    message: 'No host of class shared had a free slot within 3 s.',
  });
  expect(seen.ended).toBe(false);
  await first.cancel();
  await expect(first.result()).rejects.toThrow();
  expect(seen.ended).toBe(true);
});
