import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { StageInput } from '../../contracts/activities.js';
import { ATTEMPTS_WITHOUT_PROGRESS } from '../../contracts/failures.js';
import type { StageOutcome, StageResult } from '../../contracts/outcome.js';
import type { StageProgress } from '../../contracts/progress.js';
import { Chain } from '../../store/chain.js';
import type { ChainState } from '../../store/fold-chain.js';
import { restoreNewest } from '../../store/restore.js';
import { readResult, writeResult } from '../../store/results.js';
import { cancelledFailure } from '../cancellation.js';
import type { StageDeps } from '../deps.js';
import { exitMessage, judgeExit } from '../judge-exit.js';
import { stageFailure } from '../stage-failure.js';
import { Beat } from './beat.js';
import { attemptFolder, stageFolders, type StageFolders } from './folders.js';
import { Losses } from './losses.js';
import { Publisher } from './publisher.js';
import { type TrainerRun, TrainerRunner } from './run-trainer.js';
import { findStaged } from './staged.js';

/** What a stage does with the engine: how its trainer is run, and what its result is. */
export interface StageWork {
  readonly unit: StageProgress['unit'];
  /** Published checkpoints kept besides the newest. */
  readonly keep: number;
  run(attempt: AttemptTools): Promise<TrainerRun>;
  result(
    attempt: AttemptTools,
    run: TrainerRun,
  ): Promise<Pick<StageResult, 'artifacts' | 'metrics'>>;
}

export interface AttemptTools {
  readonly deps: StageDeps;
  readonly input: StageInput;
  readonly folders: StageFolders;
  readonly folder: string;
  readonly runner: TrainerRunner;
  readonly beat: Beat;
  readonly publisher: Publisher;
  readonly losses: Losses;
  /** Folder of the checkpoint to go on from. */
  readonly restored: { readonly step: number; readonly folder: string } | null;
}

/** One Temporal attempt of a GPU stage, from the token to the outcome. */
export async function runAttempt(
  deps: StageDeps,
  input: StageInput,
  work: StageWork,
): Promise<StageOutcome> {
  const beat = new Beat(deps, input, work.unit);
  beat.start();
  try {
    return await carryOut(deps, input, work, beat);
  } finally {
    beat.stop();
  }
}

async function carryOut(
  deps: StageDeps,
  input: StageInput,
  work: StageWork,
  beat: Beat,
): Promise<StageOutcome> {
  if (input.codeDigest !== deps.codeDigest) {
    throw stageFailure(
      'CodeMismatch',
      `Host ${deps.host.id} runs trainer code ${deps.codeDigest.slice(0, 12)}, the plan needs ${input.codeDigest.slice(0, 12)}: install the same version there`,
    );
  }
  const standing = await readResult(deps.store, input.stageKey);
  if (standing) return { kind: 'finished', result: { ...standing, stage: input.stage } };
  const chain = new Chain(deps.store, input.stageKey, {
    now: deps.now,
    ...(deps.beforeJournalWrite ? { beforeAppend: deps.beforeJournalWrite } : {}),
  });
  const { token, before } = await chain.acquire({
    planId: input.planId,
    stage: input.stage,
    host: deps.host.id,
    boot: deps.host.boot,
    attempt: Context.current().info.attempt,
  });
  beat.set({ token });
  await refuseWithoutProgress(chain, token, before);
  const tools = await prepare(deps, input, work, beat, chain, token, before);
  const run = await work.run(tools);
  return conclude(tools, work, chain, token, run);
}

/** Three in a row that the trainer itself ended, none of them with a checkpoint, are enough. */
async function refuseWithoutProgress(
  chain: Chain,
  token: number,
  before: ChainState,
): Promise<void> {
  const last = before.attempts.slice(-ATTEMPTS_WITHOUT_PROGRESS);
  const vain = last.filter((a) => a.ended?.how === 'crashed' && a.publishedSteps.length === 0);
  if (vain.length < ATTEMPTS_WITHOUT_PROGRESS) return;
  const message = vain.at(-1)?.ended?.message ?? 'no message';
  await chain.end(token, 'failed', before.newest?.step ?? 0, 'no progress');
  throw stageFailure(
    'NoProgress',
    `Three attempts in a row ended without progress; the last: ${message}`,
  );
}

async function prepare(
  deps: StageDeps,
  input: StageInput,
  work: StageWork,
  beat: Beat,
  chain: Chain,
  token: number,
  before: ChainState,
): Promise<AttemptTools> {
  const folders = stageFolders(deps, input);
  const folder = attemptFolder(folders, token);
  const runner = new TrainerRunner(deps);
  const publisher = new Publisher(deps, chain, token, work.keep, beat, () => runner.supersede());
  beat.set({ phase: 'restoring' });
  // What this host had finished but not published counts before what the store has.
  const head = before.newest?.step ?? -1;
  const salvaged = (await findStaged(folders.work)).filter(({ step }) => step > head).at(-1);
  if (salvaged)
    await publisher.publishNow(salvaged).catch((error: unknown) => beat.line(String(error)));
  const restored = await restoreNewest(deps.store, await chain.fold(), join(folder, 'restore'), {
    cache: folders.cache,
    onDamaged: (checkpoint, reason) =>
      beat.line(`checkpoint ${checkpoint.step} skipped: ${reason}`),
  });
  if (restored) beat.set({ done: restored.step });
  const losses = new Losses(deps, input, chain, before);
  return { deps, input, folders, folder, runner, beat, publisher, losses, restored };
}

/** The table of judge-exit, carried out. */
async function conclude(
  tools: AttemptTools,
  work: StageWork,
  chain: Chain,
  token: number,
  run: TrainerRun,
): Promise<StageOutcome> {
  const { beat, publisher, input } = tools;
  await publisher.settle();
  const reason = publisher.refused ? 'superseded' : run.reason;
  const verdict = judgeExit(run.exit, reason);
  const { done } = beat.progress;
  if (verdict.then === 'finish') return finish(tools, work, chain, token, run);
  const message = exitMessage(run.exit, reason);
  if (run.budget) await chain.budget(token, run.budget);
  if (verdict.ending) await chain.end(token, verdict.ending, done, message);
  switch (verdict.then) {
    case 'stop': {
      const { newest } = await chain.fold();
      const checkpoint = newest ? { step: newest.step, artifact: newest.manifest } : null;
      return { kind: 'stopped', checkpoint };
    }
    case 'rethrow':
      throw cancelledFailure();
    case 'fail':
      tools.deps.log.warn({ stage: input.stage, token, message }, 'attempt failed');
      throw stageFailure(verdict.type, message, run.exit.logTail);
  }
}

async function finish(
  tools: AttemptTools,
  work: StageWork,
  chain: Chain,
  token: number,
  run: TrainerRun,
): Promise<StageOutcome> {
  const { beat, deps, input, folder } = tools;
  beat.set({ phase: 'finishing' });
  const made = await work.result(tools, run);
  if ((await chain.end(token, 'finished', beat.progress.done)) === 'refused') {
    throw stageFailure('Superseded', exitMessage(run.exit, 'superseded'));
  }
  const started = Context.current().info.currentAttemptScheduledTimestampMs;
  const result = await writeResult(deps.store, {
    stage: input.stage,
    stageKey: input.stageKey,
    planId: input.planId,
    ...made,
    seconds: (deps.now().getTime() - started) / 1000,
    finishedAt: deps.now().toISOString(),
  });
  await rm(folder, { recursive: true, force: true });
  return { kind: 'finished', result: { ...result, stage: input.stage } };
}
