import { join } from 'node:path';
import { EvalConfiguration } from '../../contracts/stage-configuration.js';
import { publishOutput, resultOf } from '../trainer/outputs.js';
import { publishRun } from './run-artifact.js';
import type { StageWork } from './attempt.js';
import { onTrainerEvent } from './beside-trainer.js';
import { bringModel, bringSuites } from '../trainer/materials.js';

export function evaluateWork(configuration: EvalConfiguration): StageWork {
  return {
    unit: 'batches',
    keep: 1,
    async run(tools) {
      const { deps, input, runner, beat, restored, folder, folders } = tools;
      const { suites, sampling, batchSize, systemPrompt, device, threads } = configuration;
      return runner.run({
        folder,
        runDir: folders.runDir,
        beat,
        spec: {
          command: 'evaluate',
          runDir: folders.runDir,
          device,
          ...(threads === undefined ? {} : { threads }),
          model: await bringModel(deps, input, folders, 'model', configuration.modelFolder),
          suites: await bringSuites(tools, suites),
          systemPrompt,
          sampling,
          batchSize,
          resumeFrom: restored?.folder ?? null,
          checkpoints: { folder: join(folder, 'staging') },
          output: join(folder, 'answers'),
        },
        onEvent: onTrainerEvent(tools),
      });
    },
    async result(tools, run) {
      const result = resultOf(run, 'evaluate');
      const answers = await publishOutput(tools, result, 'answers');
      return {
        artifacts: { answers, ...(await publishRun(tools)) },
        metrics: { kind: 'evaluate', evaluate: result.metrics },
      };
    },
  };
}
