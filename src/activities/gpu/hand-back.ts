import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationFailure } from '@temporalio/activity';
import { stageFailure } from '../stage-failure.js';
import type { AttemptTools } from './attempt.js';
import type { Hold } from './hold.js';
import type { Leaving } from './leaving.js';

/** A store that does not answer must not keep the server from hearing of it. */
const JOURNAL_WITHIN_MS = 2000;

/** Until everything beside the trainer has ended; when the host goes, no longer than its time lasts. */
export async function settle({ publisher, losses, leaving }: AttemptTools): Promise<void> {
  // Nothing newer is to come: what cannot be there in time need not be waited for.
  if (leaving.begun && leaving.last !== 'publish') publisher.giveUpInVain();
  const all = Promise.all([publisher.settle(), losses.settle()]);
  if ((await leaving.within(all)) !== 'late') return;
  all.catch(() => undefined);
  publisher.giveUp();
}

/** Journals why the attempt ends, and gives the failure with which the server tries another host. */
export async function handBack(
  hold: Hold,
  leaving: Leaving,
  steps: { readonly done: number; readonly resumable: number | null },
): Promise<ApplicationFailure> {
  const message = leaving.sentence(steps.resumable);
  const { notice } = leaving;
  const ended = hold.write((chain, token) =>
    chain.end(token, 'preempted', steps.done, message, notice),
  );
  await Promise.race([ended.catch(() => undefined), sleep(JOURNAL_WITHIN_MS)]);
  return stageFailure('Preempted', message);
}
