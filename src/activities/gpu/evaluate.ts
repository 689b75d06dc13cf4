import { join } from 'node:path';
import type { RunSpecInput } from '../../contracts/run-spec.js';
import type { EvalConfiguration } from '../../contracts/stage-configuration.js';
import { publishOutput, resultOf } from '../trainer/outputs.js';
import { publishRun } from './run-artifact.js';
import type { AttemptTools, StageWork } from './attempt.js';
import { onTrainerEvent } from './beside-trainer.js';
import { bringModel, bringSuites } from '../trainer/materials.js';

/** Answers and scores of the questions of one shard. */
export function evaluateWork(configuration: EvalConfiguration): StageWork {
  return {
    unit: 'batches',
    keep: 1,
    async run(tools) {
      const { runner, beat, folder, folders } = tools;
      const spec = await evaluateSpec(tools, configuration);
      const onEvent = onTrainerEvent(tools);
      return runner.run({ folder, runDir: folders.runDir, beat, spec, onEvent });
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

async function evaluateSpec(
  tools: AttemptTools,
  configuration: EvalConfiguration,
): Promise<RunSpecInput> {
  const { deps, input, restored, folder, folders } = tools;
  const { suites, sampling, batchSize, compile, systemPrompt, shard } = configuration;
  const { device, threads } = configuration;
  return {
    command: 'evaluate',
    runDir: folders.runDir,
    device,
    ...(threads === undefined ? {} : { threads }),
    model: await bringModel(deps, input, folders, 'model', configuration.modelFolder),
    suites: await bringSuites(tools, suites),
    systemPrompt,
    sampling,
    batchSize,
    shard: shard ?? null,
    ...(compile === undefined ? {} : { compile }),
    resumeFrom: restored?.folder ?? null,
    checkpoints: { folder: join(folder, 'staging') },
    output: join(folder, 'answers'),
  };
}
