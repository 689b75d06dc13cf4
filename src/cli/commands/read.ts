import { Plan } from '../../contracts/plan.js';
import { CLI_EXIT } from '../../contracts/failures.js';
import { PLAN_WORKFLOW } from '../../contracts/stages.js';
import { config } from '../context.js';
import { print, printJson, statusText, table } from '../output.js';

export interface ReadArguments {
  readonly json?: boolean;
}

export async function status(planId: string | undefined, options: ReadArguments): Promise<number> {
  if (planId === undefined) return list(options);
  const { withClient } = await import('../connect.js');
  const { readRunning, readState } = await import('../plan-handle.js');
  const { renderState } = await import('../render-state.js');
  return withClient(await config(), async (client) => {
    const [state, running] = await Promise.all([
      readState(client, planId),
      readRunning(client, planId),
    ]);
    if (options.json) printJson({ ...state, ...running });
    else print(renderState(state, running));
    return CLI_EXIT.ok;
  });
}

export async function list(options: ReadArguments): Promise<number> {
  const { withClient } = await import('../connect.js');
  return withClient(await config(), async (client) => {
    const plans: { planId: string; status: string; stage: string; startedAt: string }[] = [];
    for await (const run of client.workflow.list({ query: `WorkflowType = '${PLAN_WORKFLOW}'` })) {
      plans.push({
        planId: run.workflowId,
        status: planStatus(run.status.name, run.searchAttributes?.['PlanStatus']?.[0]),
        stage: String(run.searchAttributes?.['PlanStage']?.[0] ?? ''),
        startedAt: run.startTime.toISOString(),
      });
    }
    if (options.json) printJson(plans);
    else if (plans.length === 0) print('No plans yet. Start one with: dream-sft start PLAN');
    else {
      const rows = plans.map((p) => [p.planId, statusText(p.status), p.stage, p.startedAt]);
      print(table(['PLAN', 'STATUS', 'STAGE', 'STARTED'], rows));
    }
    return CLI_EXIT.ok;
  });
}

/** A closed run is judged by the server, a living one by what its workflow last said. */
function planStatus(server: string, told: unknown): string {
  if (server === 'RUNNING') return typeof told === 'string' ? told : 'running';
  if (server === 'COMPLETED') return 'finished';
  return server === 'CANCELLED' ? 'cancelled' : 'failed';
}

export async function watch(planId: string): Promise<number> {
  const { withClient } = await import('../connect.js');
  const { follow } = await import('../follow.js');
  return withClient(await config(), (client) => follow(client, planId, { quiet: false }));
}

export async function planCheck(
  file: string,
  options: ReadArguments & { readonly set?: readonly string[] },
): Promise<number> {
  const { checkPlanFile, formatMistakes } = await import('../plan-file.js');
  const { plan, mistakes } = await checkPlanFile(file, options.set);
  if (options.json) printJson({ file, mistakes });
  else if (plan === null) process.stderr.write(`${formatMistakes(file, mistakes)}\n`);
  else print(`${file}: plan ${plan.id} is fine (${Object.keys(Plan.shape).length} keys known).`);
  return plan === null ? CLI_EXIT.spec : CLI_EXIT.ok;
}

export async function report(planId: string, options: ReadArguments): Promise<number> {
  const { readSummary, renderSummary } = await import('../summary-file.js');
  const summary = await readSummary((await config()).home, planId);
  if (options.json) printJson(summary);
  else print(renderSummary(summary));
  return CLI_EXIT.ok;
}
