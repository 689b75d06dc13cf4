import type { Language } from '../../contracts/base.js';
import { CLI_EXIT } from '../../contracts/failures.js';
import { PLAN_WORKFLOW } from '../../contracts/stages.js';
import { config } from '../context.js';
import { planStatus } from '../ended.js';
import { localTime, print, printJson, table } from '../output.js';
import { languageOverride } from '../plan-overrides.js';
import { statusIn } from '../status-words.js';

export interface ListArguments {
  readonly lang?: string;
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
  const { language = 'en' } = languageOverride(options.lang);
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
    else if (plans.length === 0) print(NO_PLANS[language]);
    else print(rendered(plans, language));
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

const NO_PLANS: Readonly<Record<Language, string>> = {
  en: 'No plans yet. Start one with: dream-sft start PLAN',
  zh: '还没有计划。启动一个：dream-sft start PLAN',
};
const HEADERS: Readonly<Record<Language, readonly string[]>> = {
  en: ['PLAN', 'STATUS', 'STAGE', 'STARTED'],
  zh: ['计划', '状态', '阶段', '开始于'],
};

export function rendered(plans: readonly ListedRun[], language: Language): string {
  const rows = plans.map((plan) => [
    plan.planId,
    statusIn(language, plan.status),
    plan.stage,
    localTime(new Date(plan.startedAt)),
  ]);
  return table(HEADERS[language], rows);
}
