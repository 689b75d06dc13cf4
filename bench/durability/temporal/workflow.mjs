import { proxyActivities } from '@temporalio/workflow';

/** As the SDK's samples have it: one activity, its heartbeat timeout, the default retry policy. */
const { train: attempt } = proxyActivities({
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '5s',
});

export async function train(job) {
  return attempt(job);
}
