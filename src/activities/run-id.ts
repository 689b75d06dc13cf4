import { Context } from '@temporalio/activity';

/** Of the workflow that scheduled this activity: one id of a plan may have several runs. */
export function runId(): string {
  return Context.current().info.workflowExecution?.runId ?? 'none';
}
