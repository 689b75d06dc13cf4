import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { StageOutcome } from '../../contracts/outcome.js';
import { cancelledFailure } from '../cancellation.js';
import { exitMessage, exitTail, judgeExit } from '../judge-exit.js';
import { leaveResult } from '../leave-result.js';
import { stageFailure } from '../stage-failure.js';
import type { AttemptTools, StageWork } from './attempt.js';
import { handBack, settle } from './hand-back.js';
import { attemptFolder } from '../trainer/folders.js';
import type { TrainerRun } from '../trainer/run-trainer.js';

/** The table of judge-exit, carried out. */
export async function conclude(
  tools: AttemptTools,
  work: StageWork,
  run: TrainerRun,
): Promise<StageOutcome> {
  const { beat, publisher, input, chain, hold, leaving } = tools;
  await settle(tools);
  // Copies of what this attempt resumed from; the next one brings its own.
  if (!leaving.begun) await rm(join(tools.folder, 'restore'), { recursive: true, force: true });
  const reason = publisher.refused ? 'superseded' : run.reason;
  const verdict = judgeExit(run.exit, reason);
  const { done, publishedStep } = beat.progress;
  if (verdict.action === 'finish') return finish(tools, work, run);
  if (reason === 'worker-shutdown') {
    const resumable = publishedStep ?? tools.restored?.step ?? null;
    throw await handBack(hold, leaving, { done, resumable });
  }
  const message = exitMessage(run.exit, reason);
  const { budget } = run;
  if (budget) await hold.write((_, token) => chain.budget(token, budget));
  const { ending } = verdict;
  if (ending) await hold.write((_, token) => chain.end(token, ending, done, message));
  switch (verdict.action) {
    case 'stop': {
      const { newest } = await chain.fold();
      const checkpoint = newest ? { step: newest.step, artifact: newest.manifest } : null;
      return { kind: 'stopped', checkpoint };
    }
    case 'rethrow':
      throw cancelledFailure();
    case 'fail':
      tools.deps.log.warn({ stage: input.stage, token: hold.token, message }, 'attempt failed');
      throw stageFailure(verdict.type, message, exitTail(run.exit));
  }
}

async function finish(
  tools: AttemptTools,
  work: StageWork,
  run: TrainerRun,
): Promise<StageOutcome> {
  const { beat, chain, deps, input, folder, folders, hold } = tools;
  beat.set({ phase: 'finishing' });
  // A checkpoint of the last step leaves no new step to write them at.
  await tools.losses.writeAt(tools.resumedFrom);
  const made = await work.result(tools, run);
  const { done } = beat.progress;
  const how = await hold.write((_, token) => chain.end(token, 'finished', done));
  if (how === 'refused') {
    throw stageFailure('Superseded', exitMessage(run.exit, 'superseded'));
  }
  const started = Context.current().info.currentAttemptScheduledTimestampMs;
  const outcome = await leaveResult(deps, input, made, started);
  await rm(folder, { recursive: true, force: true });
  // What crashed attempts left on this host; one without an end may still live, and is let be.
  for (const { token: old, ended } of (await chain.fold()).attempts) {
    if (ended) await rm(attemptFolder(folders, old), { recursive: true, force: true });
  }
  return outcome;
}
