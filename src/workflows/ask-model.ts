import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import {
  ASK_PRIORITY,
  type AskActivities,
  type AskControl,
  type AskInput,
  type AskResult,
} from '../contracts/asking.js';
import { CONTROL_QUEUE, gpuQueue } from '../contracts/stages.js';

/**
 * A question to a plan's model on a host of its class. It takes the slot of a host that has nothing
 * else to do, after every stage that waits for one, and gives it back when a stage comes: training
 * loses the moments in which a model is let go of, never a turn.
 */
export async function askModel(input: AskInput): Promise<AskResult> {
  const { gpuClass } = input.hosts;
  const scope = new CancellationScope();
  const answered = scope.run(() => answering(input).answerQuestions(input));
  // Taken back: nobody looks any more, and the host is waited for until it has let go.
  const needed = scope
    .run(() => watching.untilNeeded({ gpuClass }))
    .then(
      () => null,
      () => answered,
    );
  for (const one of [answered, needed]) one.catch(() => undefined);
  try {
    const first = await Promise.race([answered, needed]);
    if (first !== null) return first;
    scope.cancel();
    return await answered.catch((error: unknown) => Promise.reject(gaveWay(gpuClass, error)));
  } catch (error) {
    throw refusal(input, error);
  } finally {
    scope.cancel();
  }
}

const watching = proxyActivities<AskControl>({
  taskQueue: CONTROL_QUEUE,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '30s',
});

/** One attempt: whoever asks is there to ask again. */
const answering = ({ hosts, patienceSeconds }: AskInput) =>
  proxyActivities<AskActivities>({
    taskQueue: gpuQueue(hosts.gpuClass),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    scheduleToStartTimeout: `${patienceSeconds}s`,
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '30s',
    retry: { maximumAttempts: 1 },
    priority: { priorityKey: ASK_PRIORITY },
  });

const refuse = (type: string, message: string): ApplicationFailure => {
  const failure = ApplicationFailure.nonRetryable(message, type);
  failure.stack = '';
  return failure;
};

/** Unless it failed by itself in the same moment. */
function gaveWay(gpuClass: string, error: unknown): unknown {
  const failed = error instanceof ActivityFailure && error.cause instanceof ApplicationFailure;
  if (failed) return error;
  return refuse('GaveWay', `A stage waits for a host of class ${gpuClass}, and goes first.`);
}

/** What whoever asked reads; a cancellation and a sentence stay what they are. */
function refusal({ hosts, patienceSeconds }: AskInput, error: unknown): unknown {
  if (!(error instanceof ActivityFailure)) return error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure) return cause;
  if (!(cause instanceof TimeoutFailure)) return error;
  switch (cause.timeoutType) {
    case 'SCHEDULE_TO_START':
      return refuse(
        'NoFreeHost',
        `No host of class ${hosts.gpuClass} had a free slot within ${patienceSeconds} s.`,
      );
    case 'HEARTBEAT':
      return refuse('HostLost', 'The host that was asked has not been heard of for 30 s.');
    default:
      return refuse('HostLost', 'The host that was asked gave no answer within an hour.');
  }
}
