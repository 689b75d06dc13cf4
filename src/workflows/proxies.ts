import {
  ActivityCancellationType,
  type ActivityOptions,
  proxyActivities,
} from '@temporalio/workflow';
import type { ControlActivities, GpuActivities, PrepActivities } from '../contracts/activities.js';
import { NON_RETRYABLE } from '../contracts/failures.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import { RETRIES } from '../contracts/retries.js';
import { CONTROL_QUEUE, gpuQueue, PREP_QUEUE } from '../contracts/stages.js';

/** In the server's words. */
function retry(whose: keyof typeof RETRIES) {
  const { firstSeconds, factor, longestSeconds, attempts } = RETRIES[whose];
  return {
    initialInterval: firstSeconds * 1000,
    backoffCoefficient: factor,
    maximumInterval: longestSeconds * 1000,
    ...(attempts === null ? {} : { maximumAttempts: attempts }),
    nonRetryableErrorTypes: [...NON_RETRYABLE],
  };
}

/*
 * `cancellationType` stands on every proxy: left out, the SDK behaves as TRY_CANCEL, and a stage's
 * last checkpoint would be lost in silence.
 */

/** Short control work: the store and the server answer in a moment or the attempt is repeated. */
export const control = proxyActivities<Omit<ControlActivities, 'superviseStage' | 'report'>>({
  taskQueue: CONTROL_QUEUE,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  startToCloseTimeout: '5 minutes',
  retry: retry('control'),
});

/** The supervisor is told to go and not waited for: what it still knows, closeStage reads anew. */
export const supervision = proxyActivities<Pick<ControlActivities, 'superviseStage'>>({
  taskQueue: CONTROL_QUEUE,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  startToCloseTimeout: '30 days',
  heartbeatTimeout: '30s',
  retry: retry('supervisor'),
});

export const reporting = proxyActivities<Pick<ControlActivities, 'report'>>({
  taskQueue: CONTROL_QUEUE,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  startToCloseTimeout: '30 minutes',
  retry: retry('report'),
});

export const prep = proxyActivities<PrepActivities>({
  taskQueue: PREP_QUEUE,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '30s',
  retry: retry('prep'),
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
    retry: retry('gpu'),
  });
}
