import { join } from 'node:path';
import type { RunSpecInput } from '../../contracts/run-spec.js';
import { EvalConfiguration } from '../../contracts/stage-configuration.js';
import { publishOutput, resultOf } from '../trainer/outputs.js';
import { publishRun } from './run-artifact.js';
import type { AttemptTools, StageWork } from './attempt.js';
import { onTrainerEvent } from './beside-trainer.js';
import { bringModel, bringSuites } from '../trainer/materials.js';
import type { TrainerRun } from '../trainer/run-trainer.js';
import { compareAnswers, type Comparing } from './compare.js';

/** Answers and scores; given answers of before (eval-after), also what has changed since. */
export function evaluateWork(configuration: EvalConfiguration): StageWork {
  let comparing: Comparing | null = null;
  return {
    unit: 'batches',
    keep: 1,
    async run(tools) {
      const evaluated = await evaluate(tools, configuration);
      const { result } = evaluated.exit;
      if (evaluated.exit.code !== 0 || result === null || !tools.input.inputs['before']) {
        return evaluated;
      }
      // Stopped just as the answers were done: they are staged, and the next attempt compares them.
      if (evaluated.reason !== null) return withoutResult(evaluated, evaluated.reason);
      comparing = await compareAnswers(tools, result, configuration.threads);
      if (comparing.kind === 'stopped') return withoutResult(evaluated, comparing.reason);
      if (comparing.kind === 'failed') noteFailure(tools, comparing.why);
      return evaluated;
    },
    async result(tools, run) {
      const result = resultOf(run, 'evaluate');
      const more = comparing?.kind === 'compared' ? comparing.files : [];
      const all = { ...result, files: [...result.files, ...more] };
      const answers = await publishOutput(tools, all, 'answers');
      return {
        artifacts: { answers, ...(await publishRun(tools)) },
        metrics: { kind: 'evaluate', evaluate: result.metrics, ...told(comparing) },
      };
    },
  };
}

async function evaluate(tools: AttemptTools, configuration: EvalConfiguration) {
  const { runner, beat, folder, folders } = tools;
  const spec = await evaluateSpec(tools, configuration);
  const onEvent = onTrainerEvent(tools);
  return runner.run({ folder, runDir: folders.runDir, beat, spec, onEvent });
}

const withoutResult = (run: TrainerRun, reason: TrainerRun['reason']): TrainerRun => ({
  ...run,
  reason,
  exit: { ...run.exit, result: null },
});

function noteFailure({ beat, deps, input }: AttemptTools, why: string): void {
  beat.line(`not compared with the answers before: ${why}`);
  deps.log.warn({ stage: input.stage, why }, 'answers are kept without a comparison');
}

function told(comparing: Comparing | null) {
  if (comparing?.kind === 'compared') return { comparison: comparing.compared };
  return comparing?.kind === 'failed' ? { notCompared: comparing.why } : {};
}

async function evaluateSpec(
  tools: AttemptTools,
  configuration: EvalConfiguration,
): Promise<RunSpecInput> {
  const { deps, input, restored, folder, folders } = tools;
  const { suites, sampling, batchSize, compile, systemPrompt, device, threads } = configuration;
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
    ...(compile === undefined ? {} : { compile }),
    resumeFrom: restored?.folder ?? null,
    checkpoints: { folder: join(folder, 'staging') },
    output: join(folder, 'answers'),
  };
}
