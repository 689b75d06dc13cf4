import {
  ActivityCancellationType,
  type ActivityOptions,
  proxyActivities,
} from '@temporalio/workflow';
import type { ControlActivities, GpuActivities, PrepActivities } from '../contracts/activities.js';
import { NON_RETRYABLE } from '../contracts/failures.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import { CONTROL_QUEUE, gpuQueue, PREP_QUEUE } from '../contracts/stages.js';

/**
 * `cancellationType` stands on every proxy: left out, the SDK behaves as TRY_CANCEL, and a stage's
 * last checkpoint would be lost in silence.
 */
const nonRetryableErrorTypes = [...NON_RETRYABLE];

/** Short control work: the store and the server answer in a moment or the attempt is repeated. */
export const control = proxyActivities<Omit<ControlActivities, 'superviseStage' | 'report'>>({
  taskQueue: CONTROL_QUEUE,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  startToCloseTimeout: '5 minutes',
  retry: {
    initialInterval: '1s',
    backoffCoefficient: 1.5,
    maximumInterval: '30s',
    nonRetryableErrorTypes,
  },
});

/** The supervisor is told to go and not waited for: what it still knows, closeStage reads anew. */
export const supervision = proxyActivities<Pick<ControlActivities, 'superviseStage'>>({
  taskQueue: CONTROL_QUEUE,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  startToCloseTimeout: '30 days',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 1, nonRetryableErrorTypes },
});

/** Outlasts a store or a disk that is away for a while, not a defect: about a quarter of an hour. */
export const reporting = proxyActivities<Pick<ControlActivities, 'report'>>({
  taskQueue: CONTROL_QUEUE,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  startToCloseTimeout: '30 minutes',
  retry: {
    initialInterval: '2s',
    backoffCoefficient: 2,
    maximumInterval: '1 minute',
    maximumAttempts: 20,
    nonRetryableErrorTypes,
  },
});

export const prep = proxyActivities<PrepActivities>({
  taskQueue: PREP_QUEUE,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '30s',
  retry: {
    initialInterval: '2s',
    backoffCoefficient: 2,
    maximumInterval: '1 minute',
    nonRetryableErrorTypes,
  },
});

const HEARTBEAT_TIMEOUT = { demo: '5s', default: '30s' } as const;

/** A lost host costs one heartbeat timeout and one second; unlimited attempts cost no history. */
export function gpuActivities(plan: ResolvedPlan): ReturnType<typeof makeGpuProxy> {
  return makeGpuProxy(plan);
}

/** A report is due: it does not wait for longer than this for how its cases formed. */
export function tracing(plan: ResolvedPlan): ReturnType<typeof makeGpuProxy> {
  return makeGpuProxy(plan, { scheduleToCloseTimeout: '1 hour' });
}

function makeGpuProxy(
  plan: ResolvedPlan,
  limits: Pick<ActivityOptions, 'scheduleToCloseTimeout'> = {},
) {
  return proxyActivities<GpuActivities>({
    ...limits,
    taskQueue: gpuQueue(plan.hosts.gpuClass),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    startToCloseTimeout: '30 days',
    heartbeatTimeout: HEARTBEAT_TIMEOUT[plan.hosts.heartbeat],
    retry: { initialInterval: '1s', backoffCoefficient: 1, nonRetryableErrorTypes },
  });
}
