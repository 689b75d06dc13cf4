import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { CLI_EXIT } from '../contracts/failures.js';
import { CliError } from './cli-error.js';

/** A closed run is judged by the server, a living one by what its workflow last said. */
export function planStatus(server: string, told: unknown): string {
  if (server === 'RUNNING') return typeof told === 'string' ? told : 'running';
  if (server === 'COMPLETED') return 'finished';
  return server === 'CANCELLED' ? 'cancelled' : 'failed';
}

/** How a plan that has ended can be done again. */
export function againAdvice(planId: string, status: string, zh = false): string {
  const retry = `\`dream-sft retry ${planId} --from STAGE\``;
  if (zh) {
    return status === 'finished'
      ? `\`dream-sft start PLAN --again\` 从头再做一遍，${retry} 从某个阶段起重做。`
      : `\`dream-sft start PLAN\` 从最后一个检查点继续，${retry} 重做某个阶段。`;
  }
  return status === 'finished'
    ? `\`dream-sft start PLAN --again\` carries it out anew, ${retry} from a stage on.`
    : `\`dream-sft start PLAN\` goes on from its last checkpoint, ${retry} does a stage again.`;
}

/** Runs what only a living plan can take; an ended one says so, and what to do. */
export async function whileRunning<T>(
  client: Client,
  planId: string,
  act: (description: WorkflowExecutionDescription) => Promise<T>,
): Promise<T> {
  const handle = client.workflow.getHandle(planId);
  const before = await handle.describe();
  if (before.status.name !== 'RUNNING') throw ended(planId, before.status.name);
  try {
    return await act(before);
  } catch (error) {
    // It may have ended by itself in between.
    const after = await handle.describe().catch(() => before);
    throw after.status.name === 'RUNNING' ? error : ended(planId, after.status.name);
  }
}

function ended(planId: string, server: string): CliError {
  const status = planStatus(server, undefined);
  return new CliError(
    `${planId} has ended (${status}).`,
    CLI_EXIT.conflict,
    againAdvice(planId, status),
  );
}
