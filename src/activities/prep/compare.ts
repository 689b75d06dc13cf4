import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Comparison } from '../../contracts/comparison.js';
import { EvaluateMetrics } from '../../contracts/metrics.js';
import type { StageResult } from '../../contracts/outcome.js';
import type { RunSpecInput } from '../../contracts/run-spec.js';
import type { CompareConfiguration } from '../../contracts/stage-configuration.js';
import { comparedOf } from '../../contracts/verdict.js';
import { publishArtifact } from '../../store/artifacts.js';
import { stageFailure } from '../stage-failure.js';
import { bringInput } from '../trainer/materials.js';
import type { PrepTools, PrepWork } from './prep-stage.js';

/** Beside answers.jsonl and scores.json in the artifact `answers` of eval-after. */
export const COMPARISON_FILE = 'comparison.json';
const SCORES_FILE = 'scores.json';

type Made = Pick<StageResult, 'artifacts' | 'metrics'>;

/**
 * The answers after training against those before, as the result of eval-after. Answers and scores
 * stand however it ends: a comparison that fails is told in its place.
 */
export function compareWork(configuration: CompareConfiguration): PrepWork {
  return {
    unit: 'files',
    spec: (tools) => compareSpec(tools, configuration),
    async result(tools) {
      const text = await readFile(join(outputOf(tools), COMPARISON_FILE), 'utf8').catch(() => '');
      const parsed = Comparison.safeParse(jsonOf(text));
      if (!parsed.success) return uncompared(tools, `compare left no ${COMPARISON_FILE}`);
      return resultWith(tools, { comparison: comparedOf(parsed.data) });
    },
    despite: uncompared,
  };
}

async function compareSpec(
  tools: PrepTools,
  { canvases }: CompareConfiguration,
): Promise<RunSpecInput> {
  const { deps, input, folders } = tools;
  const bring = (name: string): Promise<string> => bringInput(deps, input, folders, name);
  const has = (name: string): boolean => input.inputs[name] !== undefined;
  const brought = canvases.map(async (maxNewTokens) => ({
    maxNewTokens,
    answers: [await bring(`canvas-${maxNewTokens}`)],
  }));
  return {
    command: 'compare',
    runDir: folders.runDir,
    before: [await bring('before')],
    after: [await bring('after')],
    ...(has('again') ? { again: [await bring('again')] } : {}),
    ...(has('anchor-published') ? { anchor: await anchorOf(bring) } : {}),
    ...(canvases.length > 0 ? { canvases: await Promise.all(brought) } : {}),
    ...(has('dataset') ? { dataset: await bring('dataset') } : {}),
    output: outputOf(tools),
  };
}

const anchorOf = async (bring: (name: string) => Promise<string>) => ({
  published: [await bring('anchor-published')],
  default: [await bring('anchor-default')],
});

const outputOf = ({ folder }: PrepTools): string => join(folder, 'compared');

async function uncompared(tools: PrepTools, why: string): Promise<Made> {
  tools.deps.log.warn({ stage: tools.input.stage, why }, 'answers are kept without a comparison');
  return resultWith(tools, { notCompared: why });
}

/** One folder for whoever reads it: answers and scores after training, and what has changed. */
async function resultWith(
  tools: PrepTools,
  told: { comparison: ReturnType<typeof comparedOf> } | { notCompared: string },
): Promise<Made> {
  const { deps, input, folders } = tools;
  const after = await bringInput(deps, input, folders, 'after');
  const scores = EvaluateMetrics.safeParse(
    jsonOf(await readFile(join(after, SCORES_FILE), 'utf8').catch(() => '')),
  );
  if (!scores.success)
    throw stageFailure('BadData', `the answers after training have no ${SCORES_FILE}`);
  const folder = outputOf(tools);
  await cp(after, folder, { recursive: true });
  const answers = await publishArtifact(deps.store, { folder, kind: 'answers' });
  const { run } = input.inputs;
  return {
    artifacts: { answers, ...(run ? { run } : {}) },
    metrics: { kind: 'evaluate', evaluate: scores.data, ...told },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
