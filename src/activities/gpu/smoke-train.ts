import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { SmokeTrainConfiguration } from '../../contracts/stage-configuration.js';
import type { Pace } from '../../contracts/outcome.js';
import { resultOf } from '../trainer/outputs.js';
import { publishRun } from './run-artifact.js';
import type { AttemptTools, StageWork } from './attempt.js';
import { background } from './beside-trainer.js';
import { bringInput, bringModel } from '../trainer/materials.js';
import { exportSeconds } from './export-cost.js';
import { budgetsHere, foundBudgets } from './budgets.js';
import type { TrainerRun } from '../trainer/run-trainer.js';

type Measured = Omit<Pace, 'secondsPerStep' | 'secondsPerBatch' | 'batchQuestions'>;
type Starting = { -readonly [key in keyof Measured]: Measured[key] };

/** A few real steps, then a few real answers: what the quote for the rest is measured from. */
export function smokeTrainWork(configuration: SmokeTrainConfiguration): StageWork {
  let trained: TrainerRun | null = null;
  const starting: Starting = { hostStartSeconds: 0, prepareSeconds: 0, readySeconds: 0 };
  return {
    unit: 'steps',
    keep: 1,
    async run(tools) {
      starting.hostStartSeconds = hostStartSeconds(tools);
      const run = await train(tools, configuration, starting);
      if (run.exit.code !== 0) return run;
      // Asked to stop just as the steps were done: without the answers there is no result.
      if (run.reason !== null) return { ...run, exit: { ...run.exit, result: null } };
      trained = run;
      return sample(tools, configuration);
    },
    async result(tools, run) {
      const { metrics: train } = resultOf(trained!, 'train');
      const { metrics: sampled } = resultOf(run, 'sample');
      const pace = {
        ...starting,
        secondsPerStep: train.secondsPerStep,
        secondsPerBatch: sampled.seconds ?? 0,
        batchQuestions: sampled.answers.length,
      };
      const { readySeconds: secondsToReady } = starting;
      return {
        artifacts: await publishRun(tools),
        metrics: {
          kind: 'smoke-train',
          train,
          sample: sampled,
          secondsToReady,
          pace,
          ...(await foundBudgets(tools)),
        },
      };
    },
  };
}

/** From when the host was asked for, or has booted since, to now: the plan may pay this once more. */
function hostStartSeconds({ deps }: AttemptTools): number {
  const { currentAttemptScheduledTimestampMs: asked } = Context.current().info;
  const since = Math.max(asked, deps.host.startedAt ?? asked);
  return Math.max(0, (deps.now().getTime() - since) / 1000);
}

/**
 * Nothing reads the model of a few steps; what writing one takes is measured by a part of the base.
 * Only where every process holds a part of the weights is it written, for their digest.
 */
const inParts = ({ training: { method, fullMode, worldSize } }: SmokeTrainConfiguration): boolean =>
  method === 'full' && fullMode === 'plain' && worldSize > 1;

const compute = ({ device, threads }: SmokeTrainConfiguration) => ({
  device,
  ...(threads === undefined ? {} : { threads }),
});

async function train(
  tools: AttemptTools,
  configuration: SmokeTrainConfiguration,
  starting: Starting,
): Promise<TrainerRun> {
  const { deps, input, folders, folder, runner, beat } = tools;
  const { stopAfterSteps } = configuration;
  const begun = deps.now().getTime();
  const base = await bringModel(deps, input, folders, 'base');
  const dataset = await bringInput(deps, input, folders, 'dataset');
  starting.prepareSeconds = (deps.now().getTime() - begun) / 1000;
  starting.exportSeconds = await exportSeconds(base, join(folder, 'export-sample'));
  return runner.run({
    folder,
    runDir: folders.runDir,
    beat,
    spec: {
      command: 'train',
      runDir: folders.runDir,
      ...compute(configuration),
      base,
      dataset,
      training: configuration.training,
      budgets: await budgetsHere(tools),
      stopAfterSteps,
      checkpoints: { everySteps: stopAfterSteps * 1000, folder: join(folder, 'staging'), keep: 1 },
      output: inParts(configuration) ? join(folder, 'model') : null,
    },
    onEvent: (event) => {
      if (event.type === 'ready') starting.readySeconds = event.secondsToReady;
      if (event.type === 'validation') starting.validationSeconds = event.seconds;
      if (event.type === 'step') background(tools, tools.losses.writeAt(tools.resumedFrom));
    },
  });
}

async function sample(
  tools: AttemptTools,
  configuration: SmokeTrainConfiguration,
): Promise<TrainerRun> {
  const { deps, input, folders, folder, runner, beat } = tools;
  const dataset = await bringInput(deps, input, folders, 'dataset');
  return runner.run({
    folder,
    runDir: folders.runDir,
    beat,
    spec: {
      command: 'sample',
      runDir: folders.runDir,
      ...compute(configuration),
      model: await bringModel(deps, input, folders, 'base'),
      questions: await firstQuestions(join(dataset, 'rows.jsonl'), configuration.questions),
      systemPrompt: configuration.systemPrompt,
      // Without a stop every token of the canvas is made: the dearest case is what is measured.
      sampling: { ...configuration.sampling, stopAtEnd: false },
    },
    onEvent: () => undefined,
  });
}

async function firstQuestions(path: string, count: number): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter(Boolean).slice(0, count);
  return lines.map((line) => String((JSON.parse(line) as { question: unknown }).question));
}
