import {
  ActivityCancellationType,
  proxyActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { ControlActivities, GpuActivities, PrepActivities } from '../contracts/activities.js';
import { NON_RETRYABLE } from '../contracts/failures.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import { CONTROL_QUEUE, gpuQueue, PREP_QUEUE } from '../contracts/stages.js';

/**
 * The SDK's default behaves as TRY_CANCEL: the workflow would go on before the last checkpoint is
 * published, and it would be lost in silence.
 */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;
const nonRetryableErrorTypes = [...NON_RETRYABLE];

/** A lost host is silent for this long; the demo does not want to wait. */
const HEARTBEAT_TIMEOUT = { demo: '5 seconds', default: '30 seconds' } as const;

export const CONTROL_OPTIONS: ActivityOptions = {
  taskQueue: CONTROL_QUEUE,
  cancellationType,
  startToCloseTimeout: '2 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', nonRetryableErrorTypes },
};

/** Beside a GPU stage for as long as it takes; silent only when the control worker has died. */
export const SUPERVISOR_OPTIONS: ActivityOptions = {
  taskQueue: CONTROL_QUEUE,
  cancellationType,
  startToCloseTimeout: '30 days',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
};

/** Network and disk work: ordinary retries, and it says that it lives. */
export const PREP_OPTIONS: ActivityOptions = {
  taskQueue: PREP_QUEUE,
  cancellationType,
  startToCloseTimeout: '2 days',
  heartbeatTimeout: '30 seconds',
  retry: {
    initialInterval: '1 second',
    maximumInterval: '1 minute',
    maximumAttempts: 10,
    nonRetryableErrorTypes,
  },
};

/** The report draws charts on the control machine. */
export const REPORT_OPTIONS: ActivityOptions = {
  ...CONTROL_OPTIONS,
  startToCloseTimeout: '10 minutes',
  retry: { initialInterval: '1 second', maximumAttempts: 3, nonRetryableErrorTypes },
};

/**
 * Unlimited attempts, a constant second apart: they cost no history, and with a coefficient of 2 the
 * seventh loss would wait a minute.
 */
export function gpuOptions({ hosts }: ResolvedPlan): ActivityOptions {
  return {
    taskQueue: gpuQueue(hosts.gpuClass),
    cancellationType,
    startToCloseTimeout: '30 days',
    heartbeatTimeout: HEARTBEAT_TIMEOUT[hosts.heartbeat],
    retry: { initialInterval: '1 second', backoffCoefficient: 1, nonRetryableErrorTypes },
  };
}

export const control =
  proxyActivities<Omit<ControlActivities, 'superviseStage' | 'report'>>(CONTROL_OPTIONS);
export const supervisor =
  proxyActivities<Pick<ControlActivities, 'superviseStage'>>(SUPERVISOR_OPTIONS);
export const reporter = proxyActivities<Pick<ControlActivities, 'report'>>(REPORT_OPTIONS);
export const prep = proxyActivities<PrepActivities>(PREP_OPTIONS);
export const gpu = (plan: ResolvedPlan) => proxyActivities<GpuActivities>(gpuOptions(plan));
