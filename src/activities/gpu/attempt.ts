import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { StageInput } from '../../contracts/activities.js';
import type { StageOutcome, StageResult } from '../../contracts/outcome.js';
import type { StageProgress } from '../../contracts/progress.js';
import { Chain } from '../../store/chain.js';
import type { ChainState } from '../../store/fold-chain.js';
import { restoreNewest } from '../../store/restore.js';
import { readResult } from '../../store/results.js';
import type { StageDeps } from '../deps.js';
import { runId } from '../run-id.js';
import {
  finalFailure,
  isOutOfSpace,
  isStageFailure,
  messageOf,
  stageFailure,
  toStageFailure,
} from '../stage-failure.js';
import { Beat } from '../trainer/beat.js';
import { conclude } from './conclude.js';
import { attemptFolder, stageFolders, type StageFolders } from '../trainer/folders.js';
import { Losses } from './losses.js';
import { Publisher } from './publisher.js';
import { type TrainerRun, TrainerRunner } from '../trainer/run-trainer.js';
import { findStaged } from './staged.js';
import { isOutOfRoom, isWithoutProgress } from './without-progress.js';

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
  readonly chain: Chain;
  /** Fencing token of this attempt. */
  readonly token: number;
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
  } catch (error) {
    throw toStageFailure(error);
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
    run: runId(),
  });
  beat.set({ token });
  await refuseWithoutProgress(chain, token, before);
  await refuseWithoutRoom(chain, token, before);
  try {
    const tools = await prepare(deps, input, work, beat, chain, token, before);
    const run = await work.run(tools);
    return await conclude(tools, work, run);
  } catch (error) {
    if (!isStageFailure(error)) await noteBreakdown(chain, token, before, error);
    throw error;
  }
}

/** Counted like what the trainer may end with, or a host where nothing works would try for ever. */
async function noteBreakdown(
  chain: Chain,
  token: number,
  before: ChainState,
  error: unknown,
): Promise<void> {
  const full = isOutOfSpace(error);
  try {
    if (full) await chain.budget(token, { resource: 'disk', tokenBudget: null });
    await chain.end(token, full ? 'failed' : 'crashed', before.newest?.step ?? 0, messageOf(error));
  } catch {
    // The store itself may be what is out of reach; then the attempt counts for nothing.
  }
}

/** Three in a row that the trainer itself ended, none of them with a checkpoint, are enough. */
async function refuseWithoutProgress(
  chain: Chain,
  token: number,
  before: ChainState,
): Promise<void> {
  if (!isWithoutProgress(before)) return;
  const vain = before.attempts.findLast(({ ended }) => ended?.how === 'crashed');
  const message = vain?.ended?.message ?? 'no message';
  await chain.end(token, 'failed', before.newest?.step ?? 0, 'no progress');
  throw stageFailure(
    'NoProgress',
    `Three attempts in a row ended without progress; the last: ${message}`,
  );
}

/** Hosts cost money while a full disk waits for somebody; the chain keeps what there is. */
async function refuseWithoutRoom(chain: Chain, token: number, before: ChainState): Promise<void> {
  if (!isOutOfRoom(before, Context.current().info.attempt)) return;
  const message = before.attempts.at(-1)?.ended?.message ?? 'no message';
  await chain.end(token, 'failed', before.newest?.step ?? 0, message);
  throw finalFailure('OutOfResources', message);
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
  const staged = (await findStaged(folders.work)).filter(({ step }) => step > head);
  await publisher.salvage(staged);
  const restored = await restoreNewest(deps.store, await chain.fold(), join(folder, 'restore'), {
    cache: folders.cache,
    onDamaged: (checkpoint, reason) =>
      beat.line(`checkpoint ${checkpoint.step} skipped: ${reason}`),
  });
  if (restored) beat.set({ done: restored.step });
  const losses = new Losses(deps, input, chain, before);
  return {
    deps,
    input,
    chain,
    token,
    folders,
    folder,
    runner,
    beat,
    publisher,
    losses,
    restored,
  };
}
