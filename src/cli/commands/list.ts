import { CLI_EXIT } from '../../contracts/failures.js';
import { PLAN_WORKFLOW } from '../../contracts/stages.js';
import { config } from '../context.js';
import { planStatus } from '../ended.js';
import { localTime, print, printJson, statusText, table } from '../output.js';

export interface ListArguments {
  readonly json?: boolean;
  readonly all?: boolean;
}

export interface ListedRun {
  readonly planId: string;
  readonly status: string;
  readonly stage: string;
  readonly startedAt: string;
}

export async function list(options: ListArguments): Promise<number> {
  const { withClient } = await import('../connect.js');
  return withClient(await config(), async (client) => {
    const runs: ListedRun[] = [];
    for await (const run of client.workflow.list({ query: `WorkflowType = '${PLAN_WORKFLOW}'` })) {
      runs.push({
        planId: run.workflowId,
        status: planStatus(run.status.name, run.searchAttributes?.['PlanStatus']?.[0]),
        stage: String(run.searchAttributes?.['PlanStage']?.[0] ?? ''),
        startedAt: run.startTime.toISOString(),
      });
    }
    const plans = options.all ? newestFirst(runs) : newestOfEach(runs);
    if (options.json) printJson(plans);
    else if (plans.length === 0) print('No plans yet. Start one with: dream-sft start PLAN');
    else print(rendered(plans));
    return CLI_EXIT.ok;
  });
}

const newestFirst = (runs: readonly ListedRun[]): ListedRun[] =>
  runs.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));

/** `start` and `retry` make another run of the same plan; the newest stands for it. */
export function newestOfEach(runs: readonly ListedRun[]): ListedRun[] {
  const seen = new Set<string>();
  return newestFirst(runs).filter(({ planId }) => !seen.has(planId) && seen.add(planId));
}

function rendered(plans: readonly ListedRun[]): string {
  const rows = plans.map((plan) => [
    plan.planId,
    statusText(plan.status),
    plan.stage,
    localTime(new Date(plan.startedAt)),
  ]);
  return table(['PLAN', 'STATUS', 'STAGE', 'STARTED'], rows);
}
