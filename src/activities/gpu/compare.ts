import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Comparison } from '../../contracts/comparison.js';
import type { ResultEvent } from '../../contracts/events.js';
import { type Compared, comparedOf } from '../../contracts/verdict.js';
import { exitMessage, type Reason } from '../judge-exit.js';
import { isStageFailure } from '../stage-failure.js';
import { bringInput } from '../trainer/materials.js';
import type { TrainerRun } from '../trainer/run-trainer.js';
import type { AttemptTools } from './attempt.js';

/** Beside answers.jsonl and scores.json in the artifact `answers` of eval-after. */
export const COMPARISON_FILE = 'comparison.json';

export type Comparing =
  | { readonly kind: 'compared'; readonly files: ResultEvent['files']; readonly compared: Compared }
  /** The answers stand without it. */
  | { readonly kind: 'failed'; readonly why: string }
  /** Told to stop: the next attempt compares. */
  | { readonly kind: 'stopped'; readonly reason: Reason };

/**
 * The answers of `evaluated` against those before, into the same folder. It needs no GPU, but the
 * answers lie here: a worker elsewhere would fetch them, and its host would have to be waited for.
 */
export async function compareAnswers(
  tools: AttemptTools,
  evaluated: ResultEvent,
  threads: number | undefined,
): Promise<Comparing> {
  try {
    const run = await runCompare(tools, evaluated.folder!, threads);
    // What hangs here was ended for good; anything else was asked of the attempt.
    if (run.reason !== null && run.reason !== 'hung')
      return { kind: 'stopped', reason: run.reason };
    return await judge(run);
  } catch (error) {
    if (!isStageFailure(error)) throw error;
    return { kind: 'failed', why: error.message };
  }
}

async function runCompare(
  { deps, input, runner, beat, folder, folders }: AttemptTools,
  answers: string,
  threads: number | undefined,
): Promise<TrainerRun> {
  const bring = (name: string): Promise<string> => bringInput(deps, input, folders, name);
  // Of its own, so that environment.json stays that of the evaluation.
  const runDir = join(folders.runDir, 'compare');
  return runner.run({
    folder,
    runDir: folders.runDir,
    beat,
    spec: {
      command: 'compare',
      runDir,
      ...(threads === undefined ? {} : { threads }),
      before: [await bring('before')],
      after: [answers],
      ...(input.inputs['dataset'] ? { dataset: await bring('dataset') } : {}),
      output: answers,
    },
    onEvent: () => undefined,
  });
}

async function judge({ exit, reason }: TrainerRun): Promise<Comparing> {
  const { result } = exit;
  if (exit.code !== 0 || result?.command !== 'compare' || result.folder === null) {
    return { kind: 'failed', why: exitMessage(exit, reason) };
  }
  const text = await readFile(join(result.folder, COMPARISON_FILE), 'utf8').catch(() => '');
  const parsed = Comparison.safeParse(jsonOf(text));
  if (!parsed.success) return { kind: 'failed', why: `compare left no ${COMPARISON_FILE}` };
  return { kind: 'compared', files: result.files, compared: comparedOf(parsed.data) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
