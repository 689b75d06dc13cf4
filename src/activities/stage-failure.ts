import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { cancelledFailure } from './cancellation.js';
import { FAILURES, type FailureType, type Judgement } from '../contracts/failures.js';
import { storeIsAway } from '../store/away.js';

const LENGTH = 480;
const TAIL_LINES = 3;
/** Python's and Node's stacks, and the code that Python shows in them; they stay in the log. */
const STACK_LINE = /^(\s|Traceback |During handling |The above exception )/;

/** One failure that may cross Temporal: a type of the table, under 500 characters, no stack. */
export function stageFailure(type: FailureType, what: string, logTail: readonly string[] = []) {
  const message = withTail(what, logTail);
  const { retry, waitSeconds, countsAs }: Judgement = FAILURES[type];
  const failure = ApplicationFailure.create({
    message,
    type,
    nonRetryable: !retry,
    ...(waitSeconds !== null && { nextRetryDelay: `${waitSeconds}s` as const }),
    // Everyday business, and no alarm.
    ...(countsAs === 'preemption' && { category: ApplicationFailureCategory.BENIGN }),
  });
  failure.stack = '';
  return failure;
}

/** The same for a kind that is otherwise tried again, when trying again has not helped. */
export function finalFailure(type: FailureType, what: string): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message: withTail(what, []),
    type,
    nonRetryable: true,
  });
  failure.stack = '';
  return failure;
}

function withTail(what: string, logTail: readonly string[]): string {
  const head = what.trim() || 'no message';
  if (head.length >= LENGTH) return `${head.slice(0, LENGTH - 1)}…`;
  const tail = logTail
    .filter((line) => !STACK_LINE.test(line))
    .slice(-TAIL_LINES)
    .join(' | ');
  const room = LENGTH - head.length - 12;
  if (tail === '' || room < 20) return head;
  return `${head} (log: ${tail.length > room ? `…${tail.slice(1 - room)}` : tail})`;
}

export function isStageFailure(error: unknown): error is ApplicationFailure | CancelledFailure {
  return error instanceof ApplicationFailure || error instanceof CancelledFailure;
}

export function isOutOfSpace(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}

/** What a person reads of an error that nobody foresaw. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return isOutOfSpace(error) ? `No space left on this host (${text}); free some` : text;
}

/** The one gate through which errors leave a stage: typed, short, never an AbortError or a stack. */
export function toStageFailure(error: unknown): Error {
  if (isStageFailure(error)) return error;
  const signal = Context.current().cancellationSignal;
  if (error instanceof Error && error.name === 'AbortError' && signal.aborted) {
    return cancelledFailure();
  }
  if (isOutOfSpace(error)) return stageFailure('OutOfResources', messageOf(error));
  if (storeIsAway(error)) return stageFailure('StoreAway', messageOf(error));
  return stageFailure('TrainerCrashed', `The attempt broke off: ${messageOf(error)}`);
}
