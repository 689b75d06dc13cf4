import type { NativeConnection } from '@temporalio/worker';
import type { StageDeps } from '../activities/deps.js';

const ANSWER_WITHIN_MS = 2000;
const RUNNING = 1;
const NOT_FOUND = 5;

/** Asks the server whether a plan's run still has this activity to be done; null: it does not answer. */
export function askServer(
  connection: NativeConnection,
  namespace: string,
): NonNullable<StageDeps['isWanted']> {
  return async ({ workflowId, runId, activityId }) => {
    const execution = { workflowId, runId };
    try {
      const { workflowExecutionInfo, pendingActivities } = await connection.withDeadline(
        Date.now() + ANSWER_WITHIN_MS,
        () => connection.workflowService.describeWorkflowExecution({ namespace, execution }),
      );
      if (workflowExecutionInfo?.status !== RUNNING) return false;
      return (pendingActivities ?? []).some((pending) => pending.activityId === activityId);
    } catch (error) {
      return (error as { code?: unknown }).code === NOT_FOUND ? false : null;
    }
  };
}
