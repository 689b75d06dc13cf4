import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResultEvent } from '../../contracts/events.js';
import { TraceConfiguration } from '../../contracts/stage-configuration.js';
import { publishArtifact } from '../../store/artifacts.js';
import { bringInput, bringModel, bringSuites } from '../trainer/materials.js';
import { resultOf } from '../trainer/outputs.js';
import type { TrainerRun } from '../trainer/run-trainer.js';
import type { AttemptTools, StageWork } from './attempt.js';

type Side = 'before' | 'after';

/** The report's cases with the base and with the fine-tuned model: before.jsonl and after.jsonl. */
export function traceCasesWork(configuration: TraceConfiguration): StageWork {
  let before: TrainerRun | null = null;
  return {
    unit: 'questions',
    keep: 1,
    async run(tools) {
      const run = await trace(tools, configuration, 'before');
      if (run.exit.code !== 0) return run;
      // Asked to stop between the two: half of it is no result.
      if (run.reason !== null) return { ...run, exit: { ...run.exit, result: null } };
      before = run;
      return trace(tools, configuration, 'after');
    },
    async result(tools, run) {
      const sides = { before: resultOf(before!, 'trace'), after: resultOf(run, 'trace') };
      const folder = join(tools.folder, 'both');
      await mkdir(folder, { recursive: true });
      await copyFile(linesOf(sides.before), join(folder, 'before.jsonl'));
      await copyFile(linesOf(sides.after), join(folder, 'after.jsonl'));
      return {
        artifacts: { traces: await publishArtifact(tools.deps.store, { folder, kind: 'files' }) },
        metrics: { kind: 'trace', before: sides.before.metrics, after: sides.after.metrics },
      };
    },
  };
}

const linesOf = ({ folder }: ResultEvent): string => join(folder ?? '', 'traces.jsonl');

async function trace(
  tools: AttemptTools,
  configuration: TraceConfiguration,
  side: Side,
): Promise<TrainerRun> {
  const { deps, input, runner, beat, folder, folders } = tools;
  const { cases, suites, sampling, batchSize, compile, systemPrompt } = configuration;
  const { device, threads } = configuration;
  const model =
    side === 'before'
      ? bringModel(deps, input, folders, 'base')
      : bringModel(deps, input, folders, 'model', configuration.modelFolder);
  return runner.run({
    folder,
    runDir: folders.runDir,
    beat,
    spec: {
      command: 'trace',
      runDir: folders.runDir,
      device,
      ...(threads === undefined ? {} : { threads }),
      model: await model,
      suites: await bringSuites(tools, suites),
      cases,
      systemPrompt,
      sampling,
      batchSize,
      ...(compile === undefined ? {} : { compile }),
      answers: [await bringInput(deps, input, folders, side)],
      output: join(folder, side),
    },
    onEvent: () => undefined,
  });
}
