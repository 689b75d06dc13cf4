import { ApplicationFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { FAILURES, type FailureType } from '../contracts/failures.js';

const LENGTH = 480;
const TAIL_LINES = 3;

/** One failure that may cross Temporal: a type of the table, under 500 characters, no stack. */
export function stageFailure(type: FailureType, what: string, logTail: readonly string[] = []) {
  const message = withTail(what, logTail);
  const preempted = type === 'Preempted';
  const failure = ApplicationFailure.create({
    message,
    type,
    nonRetryable: !FAILURES[type].retry,
    // A preemption is everyday business: at once on another host, and no alarm.
    ...(preempted && { nextRetryDelay: '1s', category: ApplicationFailureCategory.BENIGN }),
  });
  failure.stack = '';
  return failure;
}

function withTail(what: string, logTail: readonly string[]): string {
  const head = what.trim() || 'no message';
  if (head.length >= LENGTH) return `${head.slice(0, LENGTH - 1)}…`;
  const tail = logTail.slice(-TAIL_LINES).join(' | ');
  const room = LENGTH - head.length - 12;
  if (tail === '' || room < 20) return head;
  return `${head} (log: ${tail.length > room ? `…${tail.slice(1 - room)}` : tail})`;
}
