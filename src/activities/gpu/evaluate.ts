import { join } from 'node:path';
import { EvalConfiguration } from '../../contracts/stage-configuration.js';
import type { SuiteConfig } from '../../contracts/sampling.js';
import { publishOutput, publishRun, resultOf } from './artifacts.js';
import type { AttemptTools, StageWork } from './attempt.js';
import { background } from './full-train.js';
import { bringInput, bringModel } from './materials.js';

export function evaluateWork(configuration: EvalConfiguration): StageWork {
  return {
    unit: 'batches',
    keep: 1,
    async run(tools) {
      const { deps, input, runner, beat, publisher, losses, restored, folder, folders } = tools;
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
          suites: await withFiles(tools, suites),
          systemPrompt,
          sampling,
          batchSize,
          resumeFrom: restored?.folder ?? null,
          checkpoints: { folder: join(folder, 'staging') },
          output: join(folder, 'answers'),
        },
        onEvent: (event) => {
          if (event.type === 'checkpoint-ready') background(tools, publisher.offer(event));
          if (event.type === 'answers') background(tools, losses.writeAt(restored?.step ?? 0));
        },
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

/** Files of suites come from the download stage, whatever path the plan named on another machine. */
export async function withFiles(
  { deps, input, folders }: Pick<AttemptTools, 'deps' | 'input' | 'folders'>,
  suites: readonly SuiteConfig[],
): Promise<SuiteConfig[]> {
  if (!input.inputs['suites']) return [...suites];
  const folder = await bringInput(deps, input, folders, 'suites');
  return suites.map((suite) =>
    suite.file ? { ...suite, file: join(folder, `${suite.name}.jsonl`) } : suite,
  );
}
