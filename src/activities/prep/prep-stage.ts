import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { StageInput } from '../../contracts/activities.js';
import type { RunSpecInput } from '../../contracts/run-spec.js';
import type { StageOutcome, StageResult } from '../../contracts/outcome.js';
import { ATTEMPTS_WITHOUT_PROGRESS, FAILURES, type FailureType } from '../../contracts/failures.js';
import type { StageProgress } from '../../contracts/progress.js';
import { cancelledFailure } from '../cancellation.js';
import type { StageDeps } from '../deps.js';
import { Beat } from '../trainer/beat.js';
import { stageFolders, type StageFolders } from '../trainer/folders.js';
import { Orders } from '../trainer/orders.js';
import { TrainerRunner, type TrainerRun } from '../trainer/run-trainer.js';
import { exitMessage, exitTail, judgeExit } from '../judge-exit.js';
import { leaveResult } from '../leave-result.js';
import { countCrash } from './crash-count.js';
import { stageFailure, toStageFailure } from '../stage-failure.js';

export interface PrepTools {
  readonly deps: StageDeps;
  readonly input: StageInput;
  readonly folders: StageFolders;
  /** Of this attempt, taken away when it has ended. */
  readonly folder: string;
  /** Of the stage on this host: what one attempt fetched the next one finds, until it has finished. */
  readonly kept: string;
}

export interface PrepWork {
  readonly unit: StageProgress['unit'];
  spec(tools: PrepTools): Promise<RunSpecInput>;
  result(tools: PrepTools, run: TrainerRun): Promise<Made>;
  /** What stands although the command has failed; left out: its failure is the stage's. */
  despite?(tools: PrepTools, why: string): Promise<Made>;
}

type Made = Pick<StageResult, 'artifacts' | 'metrics'>;

/** One command of the trainer without a chain: it is short, and is simply done again after a loss. */
export async function runPrep(
  deps: StageDeps,
  input: StageInput,
  work: PrepWork,
): Promise<StageOutcome> {
  const orders = new Orders();
  const beat = new Beat(deps, input, work.unit, orders);
  beat.start();
  const folders = stageFolders(deps, input);
  const folder = join(folders.work, `prep-${Context.current().info.attempt}`);
  const kept = join(folders.work, 'kept');
  const tools: PrepTools = { deps, input, folders, folder, kept };
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const spec = await specOf(tools, work);
    if ('despite' in spec) return await leave(tools, spec.despite);
    const runner = new TrainerRunner(deps, orders);
    const { runDir } = folders;
    const run = await runner.run({ folder, runDir, spec, beat, onEvent: () => undefined });
    const outcome = await conclude(tools, work, run);
    if (outcome.kind === 'finished') await rm(kept, { recursive: true, force: true });
    return outcome;
  } catch (error) {
    throw toStageFailure(error);
  } finally {
    beat.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Inputs may be damaged that the work can do without. */
async function specOf(
  tools: PrepTools,
  work: PrepWork,
): Promise<RunSpecInput | { readonly despite: Made }> {
  try {
    return await work.spec(tools);
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || !work.despite) throw error;
    return { despite: await work.despite(tools, error.message) };
  }
}

function leave({ deps, input }: PrepTools, made: Made): Promise<StageOutcome> {
  return leaveResult(deps, input, made, Context.current().info.currentAttemptScheduledTimestampMs);
}

async function conclude(tools: PrepTools, work: PrepWork, run: TrainerRun): Promise<StageOutcome> {
  const verdict = judgeExit(run.exit, run.reason);
  switch (verdict.action) {
    case 'stop':
      return { kind: 'stopped', checkpoint: null };
    case 'rethrow':
      throw cancelledFailure();
    case 'fail':
      // A host that goes has not failed: the next attempt does it.
      if (work.despite && verdict.type !== 'Preempted') {
        return leave(tools, await work.despite(tools, exitMessage(run.exit, run.reason)));
      }
      throw await failureOf(tools, run, verdict.type);
    case 'finish':
      return leave(tools, await work.result(tools, run));
  }
}

/** Three attempts that the trainer itself ended are enough. */
async function failureOf(
  { folders }: PrepTools,
  { exit, reason }: TrainerRun,
  type: FailureType,
): Promise<Error> {
  const message = exitMessage(exit, reason);
  const counts = FAILURES[type].countsAs === 'failure';
  if (counts && (await countCrash(folders)) >= ATTEMPTS_WITHOUT_PROGRESS) {
    const what = `Three attempts ended without a result; the last: ${message}`;
    return stageFailure('NoProgress', what, exitTail(exit));
  }
  return stageFailure(type, message, exitTail(exit));
}
