import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { createGpuActivities } from '../../../src/activities/create-gpu-activities.js';
import type { StageDeps } from '../../../src/activities/deps.js';
import type { StageInput } from '../../../src/contracts/activities.js';
import type { StageOutcome } from '../../../src/contracts/outcome.js';
import { StageProgress } from '../../../src/contracts/progress.js';
import type { StageName } from '../../../src/contracts/stages.js';
import { SamplingConfig } from '../../../src/contracts/sampling.js';
import { TrainingConfig } from '../../../src/contracts/training.js';
import { startTrainer } from '../../../src/processes/trainer.js';
import { publishArtifact } from '../../../src/store/artifacts.js';
import { Chain } from '../../../src/store/chain.js';
import { openStore } from '../../../src/store/open-store.js';

export const CODE = 'c'.repeat(64);
const FAKE_TRAINER = fileURLToPath(new URL('../../fixtures/trainer/', import.meta.url));

export type Script = readonly Record<
  string,
  string | number | readonly number[] | Readonly<Record<string, number | string | null>>
>[];
export type Lab = Awaited<ReturnType<typeof openLab>>;

/** A store, a home and scripted trainers: everything real but Temporal and the training itself. */
export async function openLab(changes: Partial<StageDeps> = {}) {
  const home = await mkdtemp(join(tmpdir(), 'dream-sft-lab-'));
  const store = await openStore({ kind: 'local' }, home);
  const deps: StageDeps = {
    store,
    home,
    host: { id: 'host-a', boot: 'boot-1' },
    codeDigest: CODE,
    python: 'python3',
    trainerFolder: FAKE_TRAINER,
    startTrainer,
    now: () => new Date(),
    log: pino({ level: 'silent' }),
    timing: { beatMs: 10, heartbeatShare: 0, lookMs: 10, stopMs: 20_000, shutdownMs: 20_000 },
    ...changes,
  };
  return { home, store, deps, close: () => rm(home, { recursive: true, force: true }) };
}

/** A stage with small inputs, and what its trainers will do, one after another. */
export async function stageOf(lab: Lab, stage: StageName, script: Script): Promise<StageInput> {
  const runDir = join(lab.home, 'runs', 'p', stage);
  await mkdir(runDir, { recursive: true });
  await writeFile(join(runDir, 'script.json'), JSON.stringify(script));
  const folder = join(lab.home, 'input');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'rows.jsonl'), '{"question":"1+1?"}\n{"question":"2+2?"}\n');
  const files = await publishArtifact(lab.store, { folder, kind: 'files' });
  return {
    planId: 'p',
    stage,
    stageKey: 'a'.repeat(64),
    codeDigest: CODE,
    configuration: CONFIGURATIONS[stage] ?? {},
    inputs: { base: files, dataset: files, model: files },
  };
}

const training = TrainingConfig.parse({ steps: 6 });
const sampling = SamplingConfig.parse({});
const evaluation = {
  suites: [{ name: 'arithmetic', questions: 4, seed: 0 }],
  suiteVersions: { arithmetic: 2 },
  sampling,
  batchSize: 2,
  systemPrompt: null,
  modelFolder: '',
  device: 'cpu',
};
const CONFIGURATIONS: Partial<Record<StageName, Record<string, unknown>>> = {
  'full-train': { training, checkpoints: { everySteps: 2, keep: 2 }, device: 'cpu' },
  'smoke-train': {
    training,
    stopAfterSteps: 2,
    questions: 2,
    sampling,
    systemPrompt: null,
    device: 'cpu',
  },
  'eval-before': evaluation,
  'eval-after': evaluation,
};

/** Failures are what most of these tests are about; nobody needs to read of each. */
export const quietEnvironment = (info: Partial<Info> = {}): MockActivityEnvironment =>
  new MockActivityEnvironment(
    { attempt: 1, currentAttemptScheduledTimestampMs: Date.now(), ...info },
    { logger: new DefaultLogger('ERROR') },
  );

export interface Attempt {
  readonly env: MockActivityEnvironment;
  readonly beats: StageProgress[];
  readonly outcome: Promise<StageOutcome>;
  /** Resolves at the first heartbeat for which this is true. */
  until(seen: (progress: StageProgress) => boolean): Promise<StageProgress>;
}

/** Starts one attempt; the test may cancel it, kill its trainer, or wait for what it shows. */
export function attempt(deps: StageDeps, input: StageInput, info: Partial<Info> = {}): Attempt {
  const env = quietEnvironment(info);
  const beats: StageProgress[] = [];
  const waits: (() => void)[] = [];
  env.on('heartbeat', (details: unknown) => {
    beats.push(StageProgress.parse(details));
    waits.forEach((look) => look());
  });
  const activities = createGpuActivities(deps);
  const names = { 'smoke-train': 'smokeTrain', 'full-train': 'fullTrain' } as const;
  const name = input.stage in names ? names[input.stage as keyof typeof names] : 'evaluate';
  const outcome = env.run(activities[name], input);
  // The test looks at it later; until then a failure is nobody's oversight.
  outcome.catch(() => undefined);
  const until = (seen: (progress: StageProgress) => boolean): Promise<StageProgress> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = beats.find(seen);
        if (found) resolve(found);
      };
      waits.push(look);
      look();
      void outcome.then(look, look).then(() => reject(new Error('the attempt ended before that')));
    });
  return { env, beats, outcome, until };
}

export const chainOf = (lab: Lab, input: StageInput) => new Chain(lab.store, input.stageKey).fold();

/** The failure that an attempt must end with. */
export async function failure(outcome: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await outcome.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof ApplicationFailure) return error;
  throw new Error(`expected an ApplicationFailure, got ${String(error)}`);
}
