import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunSpecInput } from '../../contracts/run-spec.js';
import { FullTrainConfiguration } from '../../contracts/stage-configuration.js';
import { publishOutput, resultOf } from '../trainer/outputs.js';
import { publishRun } from './run-artifact.js';
import type { AttemptTools, StageWork } from './attempt.js';
import { onTrainerEvent } from './beside-trainer.js';
import { bringInput, bringModel } from '../trainer/materials.js';

export function fullTrainWork(configuration: FullTrainConfiguration): StageWork {
  return {
    unit: 'steps',
    keep: configuration.checkpoints.keep,
    async run(tools) {
      const spec = await trainSpec(tools, configuration);
      const { runner, beat, folder, folders } = tools;
      return runner.run({
        folder,
        runDir: folders.runDir,
        spec,
        beat,
        onEvent: onTrainerEvent(tools),
      });
    },
    async result(tools, run) {
      const result = resultOf(run, 'train');
      const model = await publishOutput(tools, result, 'model');
      return {
        artifacts: { model, ...(await publishRun(tools)) },
        metrics: { kind: 'full-train', train: result.metrics },
      };
    },
  };
}

async function trainSpec(
  tools: AttemptTools,
  configuration: FullTrainConfiguration,
): Promise<RunSpecInput> {
  const { deps, input, folders, folder, restored } = tools;
  const { training, device, threads } = configuration;
  const { keep: _ours, ...interval } = configuration.checkpoints;
  const output = join(folder, 'model');
  await rm(output, { recursive: true, force: true });
  return {
    command: 'train',
    runDir: folders.runDir,
    device,
    ...(threads === undefined ? {} : { threads }),
    base: await bringModel(deps, input, folders, 'base'),
    dataset: await bringInput(deps, input, folders, 'dataset'),
    training,
    resumeFrom: restored?.folder ?? null,
    checkpoints: { ...interval, folder: join(folder, 'staging') },
    output,
  };
}
