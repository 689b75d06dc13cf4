import { CLI_EXIT } from '../../contracts/failures.js';
import { config } from '../context.js';
import { print, printJson } from '../output.js';

export interface ReadArguments {
  readonly json?: boolean;
}

export async function status(planId: string | undefined, options: ReadArguments): Promise<number> {
  if (planId === undefined) return (await import('./list.js')).list(options);
  const { withClient } = await import('../connect.js');
  const { lookAt } = await import('../look.js');
  const { renderState } = await import('../render-state.js');
  const settings = await config();
  return withClient(settings, async (client) => {
    const { state, running } = await lookAt(client, planId);
    if (options.json) printJson({ ...state, ...running });
    else print(renderState(state, running, settings));
    return CLI_EXIT.ok;
  });
}

export async function planCheck(
  file: string,
  options: ReadArguments & { readonly set?: readonly string[] },
): Promise<number> {
  const { checkPlanFile, formatMistakes } = await import('../plan-file.js');
  const { planFacts } = await import('../plan-facts.js');
  const { plan, mistakes } = await checkPlanFile(file, { settings: options.set ?? [] });
  if (options.json) printJson({ file, mistakes });
  else if (plan === null) process.stderr.write(`${formatMistakes(file, mistakes)}\n`);
  else print(planFacts(plan, file));
  return plan === null ? CLI_EXIT.spec : CLI_EXIT.ok;
}

export async function report(planId: string, options: ReadArguments): Promise<number> {
  const { readSummary, renderSummary } = await import('../summary-file.js');
  const settings = await config();
  const summary = await readSummary(settings.home, planId);
  if (options.json) printJson(summary);
  else print(renderSummary(summary, settings));
  return CLI_EXIT.ok;
}
