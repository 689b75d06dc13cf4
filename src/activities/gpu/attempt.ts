import { join } from 'node:path';
import type { StageInput } from '../../contracts/activities.js';
import type { StageOutcome, StageResult } from '../../contracts/outcome.js';
import type { AutoInterval } from '../../contracts/interval.js';
import type { StageProgress } from '../../contracts/progress.js';
import type { Chain } from '../../store/chain.js';
import { restoreNewest } from '../../store/restore.js';
import { readResult } from '../../store/results.js';
import type { StageDeps } from '../deps.js';
import { isStageFailure, stageFailure } from '../stage-failure.js';
import type { Beat } from '../trainer/beat.js';
import { attemptFolder, stageFolders, type StageFolders } from '../trainer/folders.js';
import type { Orders } from '../trainer/orders.js';
import type { TrainerRun, TrainerRunner } from '../trainer/run-trainer.js';
import { acquire, chainOf, noteBreakdown, refuseInVain } from './acquire.js';
import { conclude } from './conclude.js';
import type { CutOff } from './cut-off.js';
import { handBack } from './hand-back.js';
import type { Hold } from './hold.js';
import { IntervalTuner } from './interval-tuner.js';
import { type Leaving, LeftEarlyError } from './leaving.js';
import { Losses } from './losses.js';
import { untilFree } from './park.js';
import { Publisher } from './publisher.js';
import { findStaged } from './staged.js';

/** What a stage does with the engine: how its trainer is run, and what its result is. */
export interface StageWork {
  readonly unit: StageProgress['unit'];
  /** Published checkpoints kept besides the newest. */
  readonly keep: number;
  /** Null or left out: the stage knows when its checkpoints come. */
  readonly interval?: AutoInterval | null;
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
  readonly hold: Hold;
  readonly folders: StageFolders;
  readonly folder: string;
  readonly runner: TrainerRunner;
  readonly beat: Beat;
  readonly publisher: Publisher;
  readonly leaving: Leaving;
  readonly tuner: IntervalTuner;
  /** Folder of the checkpoint to go on from. */
  readonly restored: { readonly step: number; readonly folder: string } | null;
  /** What the attempt that has the work now finds to tell of earlier ones. */
  losses: Losses;
  /** Where that attempt took it up. */
  resumedFrom: number;
}

/** Work of a GPU stage from its token to its outcome, over as many attempts as it is kept for. */
export interface Attempt {
  readonly deps: StageDeps;
  readonly input: StageInput;
  readonly work: StageWork;
  readonly orders: Orders;
  readonly beat: Beat;
  readonly leaving: Leaving;
  readonly runner: TrainerRunner;
  readonly alone: CutOff;
  /** Null until it is acquired. */
  hold: Hold | null;
  /** Null until everything is there that the trainer needs. */
  tools: AttemptTools | null;
}

export async function carryOut(attempt: Attempt): Promise<StageOutcome> {
  const { deps, input, work, beat, leaving } = attempt;
  refuseOtherCode(deps, input);
  const before = await standing(attempt);
  if (before) return before;
  const chain = chainOf(deps, input);
  // Whoever was waited for may have finished.
  const meanwhile = (await untilFree(attempt, chain)) ? await standing(attempt) : null;
  if (meanwhile) return meanwhile;
  const hold = await acquire(deps, input, work.keep, chain);
  attempt.hold = hold;
  beat.set({ token: hold.token });
  await refuseInVain(hold);
  try {
    // What it may do when it is cut off is known before there is a trainer.
    const ready = Promise.all([prepare(attempt, hold), attempt.alone.learn()]);
    const [tools] = await leaving.unlessPreparing(ready);
    attempt.tools = tools;
    return await conclude(tools, work, await leaving.unlessPreparing(work.run(tools)));
  } catch (error) {
    if (error instanceof LeftEarlyError) {
      const step = hold.before.newest?.step ?? null;
      throw await handBack(hold, leaving, { done: step ?? 0, resumable: step });
    }
    if (!isStageFailure(error)) await noteBreakdown(hold, error);
    throw error;
  }
}

async function standing({ deps, input }: Attempt): Promise<StageOutcome | null> {
  const result = await readResult(deps.store, input.stageKey);
  return result ? { kind: 'finished', result: { ...result, stage: input.stage } } : null;
}

function refuseOtherCode({ codeDigest, host }: StageDeps, input: StageInput): void {
  if (input.codeDigest === codeDigest) return;
  throw stageFailure(
    'CodeMismatch',
    `Host ${host.id} runs trainer code ${codeDigest.slice(0, 12)}, the plan needs ${input.codeDigest.slice(0, 12)}: install the same version there`,
  );
}

async function prepare(
  { deps, input, work, beat, leaving, runner }: Attempt,
  hold: Hold,
): Promise<AttemptTools> {
  const { chain, token, before } = hold;
  const folders = stageFolders(deps, input);
  const folder = attemptFolder(folders, token);
  const superseded = (): void => runner.supersede();
  const measured = { deps, hold, beat, cost: leaving.cost, earlier: before.interval };
  const tuner = new IntervalTuner(measured, work.interval ?? null);
  const publisher = new Publisher(deps, hold, work.keep, beat, superseded, leaving, tuner);
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
  const paths = { folders, folder };
  const beside = { beat, publisher, losses, leaving, tuner };
  const resumedFrom = restored?.step ?? 0;
  return { deps, input, chain, hold, ...paths, runner, ...beside, restored, resumedFrom };
}
