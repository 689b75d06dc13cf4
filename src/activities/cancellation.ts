import { CancelledFailure, Context } from '@temporalio/activity';
import type { Reason } from './judge-exit.js';

/** Why Temporal ends this attempt, in our words. Unknown details mean the link to the server. */
export function cancellationReason(context = Context.current()): Reason {
  const details = context.cancellationDetails;
  if (!details) return 'connection-lost';
  if (details.cancelRequested) return 'cancel-requested';
  if (details.workerShutdown) return 'worker-shutdown';
  if (details.paused || details.reset) return 'activity-paused';
  return 'connection-lost';
}

/** The only form in which a cancellation may leave an activity (temporal.md 0.7). */
export function cancelledFailure(context = Context.current()): CancelledFailure {
  const reason: unknown = context.cancellationSignal.reason;
  return reason instanceof CancelledFailure ? reason : new CancelledFailure('CANCELLED');
}
