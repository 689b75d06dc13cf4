import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { ASK_PRIORITY, type AskControl } from '../contracts/asking.js';
import { gpuQueue } from '../contracts/stages.js';
import type { ControlDeps } from './create-control-activities.js';

type Deps = Pick<ControlDeps, 'client' | 'log'>;

const PERIOD_MS = 1000;
const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;

export function createAskControl(deps: Deps): AskControl {
  return { untilNeeded: (input) => untilNeeded(deps, input.gpuClass) };
}

async function untilNeeded({ client, log }: Deps, gpuClass: string): Promise<void> {
  const context = Context.current();
  for (;;) {
    context.heartbeat();
    try {
      if ((await stagesWaiting(client, gpuQueue(gpuClass))) > 0) return;
    } catch (error) {
      log.warn({ gpuClass, why: String(error) }, 'could not look whether a stage waits');
    }
    await context.sleep(PERIOD_MS);
  }
}

/** Tasks of stages that nobody has taken yet; other questions have a later priority. */
async function stagesWaiting(client: Client, name: string): Promise<number> {
  const { statsByPriorityKey } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name },
    taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
    reportStats: true,
  });
  return Object.entries(statsByPriorityKey)
    .filter(([priority]) => Number(priority) < ASK_PRIORITY)
    .reduce((sum, [, stats]) => sum + Number(stats.approximateBacklogCount ?? 0), 0);
}
