import { type CountsAs, FAILURES, type FailureType } from '../contracts/failures.js';
import { EXIT } from '../contracts/events.js';
import type { TrainerExit } from './deps.js';

/** Why the activity itself ends the trainer, or was told to end. */
export type Reason =
  | 'cancel-requested'
  | 'worker-shutdown'
  | 'activity-paused'
  | 'connection-lost'
  | 'superseded'
  | 'hung';

/** `ended` entry of the chain; null when this attempt may no longer write there. */
export type Ending = 'finished' | 'stopped' | 'failed' | 'crashed' | 'preempted' | null;

export type Verdict =
  | { readonly action: 'finish' }
  | { readonly action: 'stop'; readonly ending: 'stopped' }
  | { readonly action: 'rethrow'; readonly ending: 'stopped' | null }
  | { readonly action: 'fail'; readonly type: FailureType; readonly ending: Ending };

/** As it stands in the chain, by which the next attempt knows what it comes after. */
export const HUNG = 'The trainer gave no sign of progress and was killed';

/** How the chain has it, by which later attempts count; null: it is not for this attempt to say. */
export const ENDING: Readonly<Record<CountsAs, Ending>> = {
  preemption: 'preempted',
  failure: 'crashed',
  shortage: 'failed',
  end: 'failed',
  nothing: null,
};

const fail = (type: FailureType): Verdict => ({
  action: 'fail',
  type,
  ending: ENDING[FAILURES[type].countsAs],
});

const BY_CODE: Readonly<Record<number, Verdict>> = {
  [EXIT.spec]: fail('BadSpec'),
  [EXIT.data]: fail('BadData'),
  [EXIT.diverged]: fail('Diverged'),
  [EXIT.resources]: fail('OutOfResources'),
};

/** Exhaustive: how the trainer ended and what the activity was told → what the activity does. */
export function judgeExit(exit: TrainerExit, reason: Reason | null): Verdict {
  // A finished trainer is a finished stage, whatever was asked a moment too late, but for a zombie.
  if (exit.code === EXIT.finished && exit.result && !isOutdated(reason))
    return { action: 'finish' };
  switch (reason) {
    case 'superseded':
      return fail('Superseded');
    case 'connection-lost':
      return { action: 'rethrow', ending: null };
    case 'hung':
      return fail('TrainerHung');
    case 'cancel-requested':
      return BY_CODE[exit.code ?? -1] ?? { action: 'stop', ending: 'stopped' };
    case 'activity-paused':
      return BY_CODE[exit.code ?? -1] ?? { action: 'rethrow', ending: 'stopped' };
    case 'worker-shutdown':
      return fail('Preempted');
    case null:
      // Somebody else asked the trainer to stop, as a machine does that goes down: nothing broke.
      if (exit.code === EXIT.stopped) return fail('Preempted');
      if (cannotRun(exit)) return fail('MissingTool');
      if (exit.lastError?.reason === 'network') return fail('SourceAway');
      return BY_CODE[exit.code ?? -1] ?? fail('TrainerCrashed');
  }
}

/** No process at all, since there is no such program: another attempt here would find none either. */
function cannotRun({ code, signal, logTail }: TrainerExit): boolean {
  return code === null && signal === null && logTail.some((line) => /ENOENT|EACCES/.test(line));
}

function isOutdated(reason: Reason | null): boolean {
  return reason === 'superseded' || reason === 'connection-lost';
}

/** The error event's words when there are any, else how the process ended. */
export function exitMessage(exit: TrainerExit, reason: Reason | null): string {
  if (reason === 'hung') return HUNG;
  if (reason === null && cannotRun(exit)) {
    return 'Python cannot be run; run `npm run setup` on this host, or set DREAM_SFT_PYTHON';
  }
  if (reason === 'superseded') return 'A newer attempt has taken over; nothing more is published';
  if (exit.lastError) {
    const { message, mistakes } = exit.lastError;
    return [message, ...mistakes].join('; ');
  }
  if (exit.signal) return `The trainer was ended by ${exit.signal}`;
  if (exit.code === EXIT.finished) return 'The trainer ended without a result';
  if (exit.code === null) return 'The trainer could not be started';
  return `The trainer ended with exit code ${exit.code}`;
}

/** Lines of the log, where nothing better is known: an error event has said it all, in fewer words. */
export function exitTail(exit: TrainerExit): readonly string[] {
  return exit.lastError ? [] : exit.logTail;
}
