import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { CLI_EXIT } from '../contracts/failures.js';
import { isPersons } from '../contracts/checklist.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { PlanOptions } from '../contracts/plan-options.js';
import {
  PlanDeadline,
  PlanGpuClass,
  PlanStage,
  PlanStatusKey,
} from '../contracts/search-attributes.js';
import { CONTROL_QUEUE, PLAN_WORKFLOW, type StageName } from '../contracts/stages.js';
import type { PlanState } from '../contracts/state.js';
import { CliError } from './cli-error.js';
import { differences } from './plan-diff.js';
import { readState } from './plan-handle.js';

const TICKS_WITHIN_MS = 3000;

export type Started =
  | { readonly kind: 'started' }
  | { readonly kind: 'attached' }
  /** It has ended well; its result is there, and starting again would pay twice. */
  | { readonly kind: 'already-finished' };

export interface StartOptions {
  readonly again?: boolean;
  readonly retryFrom?: StageName;
}

/** Starts a plan, or attaches to the running one of the same id and content (design.md). */
export async function startPlan(
  client: Client,
  plan: ResolvedPlan,
  options: StartOptions = {},
): Promise<Started> {
  const existing = await describe(client, plan.id);
  if (existing) {
    const running = existing.status.name === 'RUNNING';
    if (running) {
      refuseOtherPlan(plan, existing);
      return { kind: 'attached' };
    }
    if (existing.status.name === 'COMPLETED' && !options.again && !options.retryFrom) {
      refuseOtherPlan(plan, existing);
      return { kind: 'already-finished' };
    }
  }
  const ticked = existing ? await personsTicks(client, plan.id) : {};
  await start(client, plan, {
    ...(options.retryFrom ? { retryFrom: options.retryFrom } : {}),
    ...(Object.keys(ticked).length > 0 ? { ticked } : {}),
  });
  return { kind: 'started' };
}

async function describe(
  client: Client,
  planId: string,
): Promise<WorkflowExecutionDescription | null> {
  try {
    return await client.workflow.getHandle(planId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

function refuseOtherPlan(plan: ResolvedPlan, existing: WorkflowExecutionDescription): void {
  if (existing.memo?.['planDigest'] === plan.digest) return;
  const lines = differences(existing.memo?.['plan'], plan);
  throw new CliError(
    [`Plan ${plan.id} exists with other content:`, ...lines.map((line) => `  ${line}`)].join('\n'),
    CLI_EXIT.conflict,
    'Give the new plan another id, or cancel the old one first.',
  );
}

/** Of the run before; where no worker can tell them the plan begins without. */
async function personsTicks(client: Client, planId: string): Promise<PlanState['ticked']> {
  try {
    const { ticked } = await readState(client, planId, TICKS_WITHIN_MS);
    return Object.fromEntries(Object.entries(ticked).filter(([item]) => isPersons(item)));
  } catch (error) {
    if (error instanceof CliError) return {};
    throw error;
  }
}

async function start(client: Client, plan: ResolvedPlan, options: PlanOptions): Promise<void> {
  const deadline = new Date(Date.now() + plan.deadlineSeconds * 1000);
  try {
    await client.workflow.start(PLAN_WORKFLOW, {
      workflowId: plan.id,
      taskQueue: CONTROL_QUEUE,
      args: Object.keys(options).length > 0 ? [plan, options] : [plan],
      memo: { planDigest: plan.digest, plan },
      staticSummary: plan.title,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: PlanStage, value: 'download' },
        { key: PlanStatusKey, value: 'running' },
        { key: PlanGpuClass, value: plan.hosts.gpuClass },
        { key: PlanDeadline, value: deadline },
      ]),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      throw new CliError(
        `Plan ${plan.id} was started by somebody else a moment ago.`,
        CLI_EXIT.conflict,
      );
    }
    throw error;
  }
}
