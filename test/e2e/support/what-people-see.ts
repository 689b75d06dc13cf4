import { expect } from 'vitest';
import type { System } from '../../helpers/system.js';
import { eventually } from '../../helpers/deadline.js';
import { processTree } from './process-tree.js';

const STACK = /^\s+at .*:\d+|Traceback \(most recent|^\s*File "/m;

/** Of Node and of Python; a sentence that merely says "at" is none. */
export function expectNoStack(text: string): void {
  expect(text).not.toMatch(STACK);
}

interface Failure {
  readonly message?: string | null;
  readonly stackTrace?: string | null;
  readonly cause?: Failure | null;
}

/** What `temporal workflow describe` and the UI show of a failed plan, causes included. */
export async function failureInDescribe(system: System, planId: string): Promise<string> {
  const { events } = await system.client.workflow.getHandle(planId).fetchHistory();
  const closing = events?.at(-1)?.workflowExecutionFailedEventAttributes?.failure;
  if (!closing) throw new Error(`${planId} has not failed`);
  const failures = (events ?? []).flatMap((event) => [
    event.activityTaskFailedEventAttributes?.failure,
    event.workflowExecutionFailedEventAttributes?.failure,
  ]);
  for (const failure of failures) expectNoStackIn(failure);
  return closing.message ?? '';
}

function expectNoStackIn(failure: Failure | null | undefined): void {
  for (let at = failure; at; at = at.cause) {
    expect(at.stackTrace ?? '').toBe('');
    expectNoStack(at.message ?? '');
  }
}

/** Neither a trainer nor a host of the plan is left; server, control and prep go on. */
export async function expectNobodyTrains(): Promise<void> {
  await eventually('trainers and hosts are gone', async () => {
    const tree = await processTree(process.pid);
    const left = tree.filter(({ command }) => /-m dream_sft|workers\/main\.js gpu/.test(command));
    return left.length === 0;
  });
}
