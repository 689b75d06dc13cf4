import { Context } from '@temporalio/activity';
import type { StageInput } from '../../contracts/activities.js';
import { Chain } from '../../store/chain.js';
import { storeIsAway } from '../../store/away.js';
import type { StageDeps } from '../deps.js';
import { runId } from '../run-id.js';
import { finalFailure, isOutOfSpace, messageOf, stageFailure } from '../stage-failure.js';
import { type Acquired, Hold } from './hold.js';
import { isOutOfRoom, isWithoutProgress } from './without-progress.js';

/** Published checkpoints that rotation keeps: as many as asked for besides the newest. */
export const rotationKeeps = (keep: number): number => keep + 1;

export const chainOf = (deps: StageDeps, input: StageInput): Chain =>
  new Chain(deps.store, input.stageKey, {
    now: deps.now,
    ...(deps.beforeJournalWrite ? { beforeAppend: deps.beforeJournalWrite } : {}),
  });

/** From here on every older attempt is a zombie. */
export async function acquire(
  deps: StageDeps,
  input: StageInput,
  keep: number,
  chain: Chain,
): Promise<Hold> {
  return new Hold(chain, await acquireFor(deps, input, keep, chain));
}

/** A token for the attempt that asks. */
export function acquireFor(
  deps: StageDeps,
  input: StageInput,
  keep: number,
  chain: Chain,
): Promise<Acquired> {
  return chain.acquire({
    planId: input.planId,
    stage: input.stage,
    host: deps.host.id,
    boot: deps.host.boot,
    attempt: Context.current().info.attempt,
    run: runId(),
    keep: rotationKeeps(keep),
  });
}

/** What earlier attempts ended with may leave this one nothing to try. */
export async function refuseInVain(hold: Hold): Promise<void> {
  await refuseWithoutProgress(hold);
  await refuseWithoutRoom(hold);
}

/** Three in a row that the trainer itself ended, none of them with a checkpoint, are enough. */
async function refuseWithoutProgress({ chain, token, before }: Hold): Promise<void> {
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
async function refuseWithoutRoom({ chain, token, before }: Hold): Promise<void> {
  if (!isOutOfRoom(before, Context.current().info.attempt)) return;
  const message = before.attempts.at(-1)?.ended?.message ?? 'no message';
  await chain.end(token, 'failed', before.newest?.step ?? 0, message);
  throw finalFailure('OutOfResources', message);
}

const FULL_DISK = {
  resource: 'disk',
  device: null,
  tokenBudget: null,
  tokens: null,
  documents: null,
} as const;

/** Counted like what the trainer may end with, or a host where nothing works would try for ever. */
export async function noteBreakdown({ chain, token, before }: Hold, error: unknown): Promise<void> {
  // Nobody's fault, however often it comes.
  if (storeIsAway(error)) return;
  const full = isOutOfSpace(error);
  try {
    if (full) await chain.budget(token, FULL_DISK);
    await chain.end(token, full ? 'failed' : 'crashed', before.newest?.step ?? 0, messageOf(error));
  } catch {
    // The store itself may be what is out of reach; then the attempt counts for nothing.
  }
}
