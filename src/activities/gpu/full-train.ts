import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResultEvent, TrainerEvent } from '../../contracts/events.js';
import type { StageResult } from '../../contracts/outcome.js';
import type { RunSpecInput } from '../../contracts/run-spec.js';
import { FullTrainConfiguration } from '../../contracts/stage-configuration.js';
import { publishOutput, resultOf } from '../trainer/outputs.js';
import { publishRun } from './run-artifact.js';
import type { AttemptTools, StageWork } from './attempt.js';
import { background, onTrainerEvent } from './beside-trainer.js';
import { budgetsHere, foundBudgets } from './budgets.js';
import { validated, ValidationLog } from './validation-log.js';
import { bringInput, bringModel } from '../trainer/materials.js';

export function fullTrainWork(configuration: FullTrainConfiguration): StageWork {
  let validations: ValidationLog | null = null;
  return {
    unit: 'steps',
    keep: configuration.checkpoints.keep,
    interval: configuration.checkpoints.auto ?? null,
    async run(tools) {
      const spec = await trainSpec(tools, configuration);
      const { runner, beat, folder, folders } = tools;
      validations = new ValidationLog(folders.runDir, tools.input.stageKey);
      const onEvent = onTrainingEvent(tools, validations);
      return runner.run({ folder, runDir: folders.runDir, spec, beat, onEvent });
    },
    async result(tools, run) {
      return resultWith(tools, resultOf(run, 'train'), (await validations?.read()) ?? []);
    },
  };
}

function onTrainingEvent(tools: AttemptTools, log: ValidationLog): (event: TrainerEvent) => void {
  const publishing = onTrainerEvent(tools);
  return (event) => {
    tools.tuner.see(event);
    if (event.type === 'validation') background(tools, log.note(event));
    publishing(event);
  };
}

/** The model of the last step, and the best by validation where that is another. */
async function resultWith(
  tools: AttemptTools,
  result: Extract<ResultEvent, { command: 'train' }>,
  validations: Awaited<ReturnType<ValidationLog['read']>>,
): Promise<Pick<StageResult, 'artifacts' | 'metrics'>> {
  const model = await publishOutput(tools, result, 'model');
  const final = { step: result.metrics.steps, model };
  const { published } = await tools.chain.fold();
  const validation = validated(validations, published, final);
  const best = validation?.best?.folder === 'model' ? { best: validation.best.artifact } : {};
  return {
    artifacts: { model, ...best, ...(await publishRun(tools)) },
    metrics: {
      kind: 'full-train',
      train: result.metrics,
      ...(validation ? { validation } : {}),
      ...(tools.tuner.chosen ? { interval: tools.tuner.chosen } : {}),
      ...(await foundBudgets(tools)),
    },
  };
}

async function trainSpec(
  tools: AttemptTools,
  configuration: FullTrainConfiguration,
): Promise<RunSpecInput> {
  const { deps, input, folders, folder, restored } = tools;
  const { device, threads, baseName } = configuration;
  const { everySteps, everySeconds = await tools.tuner.begin() } = configuration.checkpoints;
  const interval =
    everySteps === undefined ? { everySeconds: everySeconds ?? undefined } : { everySteps };
  const output = join(folder, 'model');
  await rm(output, { recursive: true, force: true });
  return {
    command: 'train',
    runDir: folders.runDir,
    device,
    ...(threads === undefined ? {} : { threads }),
    base: await bringModel(deps, input, folders, 'base'),
    ...(baseName === undefined ? {} : { baseName }),
    dataset: await bringInput(deps, input, folders, 'dataset'),
    training: configuration.training,
    budgets: await budgetsHere(tools),
    resumeFrom: restored?.folder ?? null,
    // The chain takes checkpoints from this plan's attempts alone, each file by its digest.
    checkpoints: { ...interval, folder: join(folder, 'staging'), compiledCode: true },
    output,
  };
}
