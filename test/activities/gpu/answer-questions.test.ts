import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { createAskActivities } from '../../../src/activities/gpu/answer-questions.js';
import { type AskInput, AskProgress, TRACE_FILE } from '../../../src/contracts/asking.js';
import { EXIT } from '../../../src/contracts/events.js';
import { SamplingConfig } from '../../../src/contracts/sampling.js';
import { SampleTrace } from '../../../src/contracts/trace.js';
import type { StartTrainer, TrainerExit } from '../../../src/processes/trainer.js';
import { materialise, publishArtifact } from '../../../src/store/artifacts.js';
import { type Lab, openLab, quietEnvironment } from '../support/lab.js';
import { hasTrainer, openRealLab } from '../support/real.js';

const BASE = fileURLToPath(new URL('../../../trainer/assets/tiny-base', import.meta.url));

let lab: Lab;
afterEach(() => lab.close());

async function asked(change: Partial<AskInput> = {}): Promise<AskInput> {
  const artifact = await publishArtifact(lab.store, { folder: BASE, kind: 'model' });
  return {
    model: { artifact, folder: '', tokenizer: artifact, store: { kind: 'local' } },
    hosts: { gpuClass: 'local', device: 'cpu', threads: 1 },
    questions: ['12+30=?'],
    systemPrompt: null,
    sampling: SamplingConfig.parse({ maxNewTokens: 8, blockLength: 4, stopAtEnd: false }),
    ...{ watch: false, trace: false, patienceSeconds: 60 },
    ...change,
  };
}

/** The activity itself; it has no `this`. */
const asking = () => {
  const activities = createAskActivities(lab.deps);
  return (input: AskInput) => activities.answerQuestions(input);
};

/** What a question leaves on its host: files that the next one may need, and nothing of its own. */
const leftBehind = () => readdir(join(lab.home, 'hosts', 'host-a', 'asked'));

test.skipIf(!hasTrainer)(
  'answers with the plan’s model; every step is told, and the trace is in the store',
  async () => {
    lab = await openRealLab();
    const env = quietEnvironment();
    const beats: AskProgress[] = [];
    env.on('heartbeat', (details: unknown) => beats.push(AskProgress.parse(details)));
    const input = await asked({ watch: true, trace: true });
    const result = await env.run(asking(), input);
    expect(result.metrics.answers).toMatchObject([{ question: '12+30=?' }]);
    const folder = join(lab.home, 'read');
    await materialise(lab.store, result.trace!, folder);
    const text = await readFile(join(folder, TRACE_FILE), 'utf8');
    const { reveals } = SampleTrace.parse(JSON.parse(text));
    expect(new Set(reveals.map(({ position }) => position))).toEqual(
      new Set([0, 1, 2, 3, 4, 5, 6, 7]),
    );
    const told = beats.at(-1)!;
    expect(told.host).toBe('host-a');
    // A heartbeat may come before the last steps do; what it tells is how the trace begins.
    const steps = told.reveals.flatMap(({ step, tokens }) =>
      tokens.map((token) => ({ step, ...token })),
    );
    expect(reveals.slice(0, steps.length)).toEqual(steps);
    expect(await leftBehind()).toEqual([]);
  },
);

const NEVER: TrainerExit = { code: null, signal: null, result: null, lastError: null, logTail: [] };

/** Ends as the test says, at once or when it is asked to stop. */
function scripted(at: 'start' | 'stop', exit: Partial<TrainerExit>): StartTrainer {
  return () => {
    let end = (_exit: TrainerExit): void => undefined;
    const exited = new Promise<TrainerExit>((resolve) => (end = resolve));
    const finish = (): void => end({ ...NEVER, ...exit });
    if (at === 'start') finish();
    return { pid: 4711, exited, stop: finish, kill: () => end({ ...NEVER, signal: 'SIGKILL' }) };
  };
}

test('a cancelled question lets its trainer go and leaves as a cancellation', async () => {
  lab = await openLab({ startTrainer: scripted('stop', { code: EXIT.stopped }) });
  const env = quietEnvironment();
  const input = await asked();
  env.once('heartbeat', () => env.cancel('CANCELLED'));
  await expect(env.run(asking(), input)).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(await leftBehind()).toEqual([]);
});

test('what the trainer refuses is the failure’s sentence', async () => {
  const lastError = {
    ...{ type: 'error', reason: 'spec', message: 'this tokenizer has no mask' },
    mistakes: [],
  } as unknown as TrainerExit['lastError'];
  lab = await openLab({ startTrainer: scripted('start', { code: EXIT.spec, lastError }) });
  await expect(quietEnvironment().run(asking(), await asked())).rejects.toMatchObject({
    type: 'BadSpec',
    message: 'this tokenizer has no mask',
  });
});
