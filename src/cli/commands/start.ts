import { CLI_EXIT } from '../../contracts/failures.js';
import { config } from '../context.js';
import { print, printJson } from '../output.js';

export interface StartArguments {
  readonly id?: string;
  readonly lang?: string;
  readonly set?: readonly string[];
  readonly wait?: boolean;
  readonly again?: boolean;
  readonly json?: boolean;
}

export async function start(file: string, options: StartArguments): Promise<number> {
  const { loadPlan } = await import('../plan-file.js');
  const { languageOverride } = await import('../plan-overrides.js');
  const plan = await loadPlan(file, {
    ...(options.id === undefined ? {} : { id: options.id }),
    ...languageOverride(options.lang),
    ...(options.set ? { settings: options.set } : {}),
  });
  const settings = await config();
  const { withClient } = await import('../connect.js');
  const { startPlan } = await import('../start-plan.js');
  return withClient(settings, async (client) => {
    const started = await startPlan(client, plan, options.again ? { again: true } : {});
    if (started.kind === 'already-finished') {
      const { readSummary, renderSummary } = await import('../summary-file.js');
      const summary = await readSummary(settings.home, plan.id);
      if (options.json) printJson(summary);
      else print(`${renderSummary(summary, settings)}\nAlready finished; --again trains it anew.`);
      return CLI_EXIT.ok;
    }
    if (options.json) printJson({ planId: plan.id, [started.kind]: true });
    else print(started.kind === 'started' ? plan.id : `${plan.id} (running already; attached)`);
    if (!options.wait) return CLI_EXIT.ok;
    const { watchPlan } = await import('./watch.js');
    return watchPlan(client, plan.id, settings, options.json ?? false);
  });
}
