import { proxyActivities } from '@temporalio/workflow';

/** Asks the host behind a probe queue what it is and has. */
export async function probe(taskQueue) {
  const { probeHost } = proxyActivities({ taskQueue, startToCloseTimeout: '10s' });
  return probeHost();
}
