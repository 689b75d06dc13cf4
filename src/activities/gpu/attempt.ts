import { join } from 'node:path';
import type { StageInput } from '../../contracts/activities.js';
import type { StageOutcome, StageResult } from '../../contracts/outcome.js';
import type { AutoInterval } from '../../contracts/interval.js';
import type { StageProgress } from '../../contracts/progress.js';
import type { Chain } from '../../store/chain.js';
import { restoreNewest } from '../../store/restore.js';
import { readResult } from '../../store/results.js';
import type { StageDeps } from '../deps.js';
import { isStageFailure, stageFailure, toStageFailure } from '../stage-failure.js';
import { Beat } from '../trainer/beat.js';
import { attemptFolder, stageFolders, type StageFolders } from '../trainer/folders.js';
import { type TrainerRun, TrainerRunner } from '../trainer/run-trainer.js';
import { acquire, type Hold, noteBreakdown, refuseInVain } from './acquire.js';
import { conclude } from './conclude.js';
import { handBack } from './hand-back.js';
import { IntervalTuner } from './interval-tuner.js';
import { Leaving, LeftEarlyError } from './leaving.js';
import { Losses } from './losses.js';
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
  /** Fencing token of this attempt. */
  readonly token: number;
  readonly folders: StageFolders;
  readonly folder: string;
  readonly runner: TrainerRunner;
  readonly beat: Beat;
  readonly publisher: Publisher;
  readonly losses: Losses;
  readonly leaving: Leaving;
  readonly tuner: IntervalTuner;
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
  const leaving = new Leaving(deps, beat);
  beat.start();
  try {
    return await carryOut({ deps, input, work, beat, leaving });
  } catch (error) {
    throw toStageFailure(error);
  } finally {
    leaving.end();
    beat.stop();
  }
}

interface Attempt {
  readonly deps: StageDeps;
  readonly input: StageInput;
  readonly work: StageWork;
  readonly beat: Beat;
  readonly leaving: Leaving;
}

async function carryOut(attempt: Attempt): Promise<StageOutcome> {
  const { deps, input, work, beat, leaving } = attempt;
  refuseOtherCode(deps, input);
  const standing = await readResult(deps.store, input.stageKey);
  if (standing) return { kind: 'finished', result: { ...standing, stage: input.stage } };
  const hold = await acquire(deps, input, work.keep);
  beat.set({ token: hold.token });
  await refuseInVain(hold);
  try {
    const tools = await leaving.unlessPreparing(prepare(attempt, hold));
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

function refuseOtherCode({ codeDigest, host }: StageDeps, input: StageInput): void {
  if (input.codeDigest === codeDigest) return;
  throw stageFailure(
    'CodeMismatch',
    `Host ${host.id} runs trainer code ${codeDigest.slice(0, 12)}, the plan needs ${input.codeDigest.slice(0, 12)}: install the same version there`,
  );
}

async function prepare(
  { deps, input, work, beat, leaving }: Attempt,
  hold: Hold,
): Promise<AttemptTools> {
  const { chain, token, before } = hold;
  const folders = stageFolders(deps, input);
  const folder = attemptFolder(folders, token);
  const runner = new TrainerRunner(deps, () => leaving.decide());
  const superseded = (): void => runner.supersede();
  const measured = { deps, chain, token, beat, cost: leaving.cost, earlier: before.interval };
  const tuner = new IntervalTuner(measured, work.interval ?? null);
  const publisher = new Publisher(deps, chain, token, work.keep, beat, superseded, leaving, tuner);
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
  return { deps, input, chain, token, ...paths, runner, ...beside, restored };
}
