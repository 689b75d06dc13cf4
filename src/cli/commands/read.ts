import { CLI_EXIT } from '../../contracts/failures.js';
import { config } from '../context.js';
import { print, printJson } from '../output.js';
import { languageOverride } from '../plan-overrides.js';

export interface ReadArguments {
  readonly json?: boolean;
  readonly lang?: string;
}

export async function status(planId: string | undefined, options: ReadArguments): Promise<number> {
  if (planId === undefined) return (await import('./list.js')).list(options);
  const { withClient } = await import('../connect.js');
  const { lookAt } = await import('../look.js');
  const { renderState } = await import('../render-state.js');
  const settings = await config();
  const { language } = languageOverride(options.lang);
  return withClient(settings, async (client) => {
    const { state, running } = await lookAt(client, planId);
    if (options.json) printJson({ ...state, ...running });
    else print(renderState(state, running, settings, language));
    return CLI_EXIT.ok;
  });
}

export async function planCheck(
  file: string,
  options: ReadArguments & { readonly set?: readonly string[] },
): Promise<number> {
  const { checkPlanFile, formatMistakes, mistakeIn } = await import('../plan-file.js');
  const { planFacts } = await import('../plan-facts.js');
  const { plan, text, mistakes } = await checkPlanFile(file, { settings: options.set ?? [] });
  const language = languageOverride(options.lang).language ?? text?.language ?? 'en';
  if (options.json) printJson({ file, mistakes: mistakes.map((one) => mistakeIn(language, one)) });
  else if (plan === null) process.stderr.write(`${formatMistakes(file, mistakes, language)}\n`);
  else print(planFacts(plan, file, language));
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
