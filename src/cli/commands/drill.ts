import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLI_EXIT } from '../../contracts/failures.js';
import { drill as runDrill, SPAN } from '../../drill/drill.js';
import type { Fault } from '../../drill/fault.js';
import { FAULTS } from '../../drill/faults/table.js';
import type { TrialResult } from '../../drill/verdict.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { drillTable, resultText } from '../drill-table.js';
import { print, printJson } from '../output.js';
import { languageOverride } from '../plan-overrides.js';
import { wholeNumber } from '../sampling-settings.js';

export interface DrillArguments {
  readonly faults?: string;
  readonly trials?: string;
  readonly seed: string;
  readonly lang?: string;
  readonly json?: boolean;
}

/** The person's own proof before a yuan is spent: the tiny plan under a seeded schedule of faults. */
export async function drill(options: DrillArguments): Promise<number> {
  const { home: own, root } = await config();
  const faults = faultsOf(options.faults);
  const trials = wholeNumber('--trials', options.trials ?? String(faults.length), 1);
  const seed = wholeNumber('--seed', options.seed, 0);
  const { language = 'en' } = languageOverride(options.lang);
  const stamp = new Date()
    .toISOString()
    .replace(/[^0-9]/g, '')
    .slice(2, 14);
  const home = join(own, 'drills', stamp);
  await mkdir(home, { recursive: true });
  const say = options.json ? (): void => undefined : print;
  const stopped = stopOnSignals();
  const results = await runDrill({
    ...{ home, faults, trials, seed, signal: stopped },
    planFile: join(root, 'plans', 'tiny.yaml'),
    onTrial: (one, seconds) =>
      say(
        `${one.trial}/${trials}  ${one.fault}  ${resultText(one, language)}  ${seconds.toFixed(0)} s`,
      ),
  });
  const held = results.every(({ failures }) => failures.length === 0);
  const document = join(home, 'drill.json');
  const told = { seed, trials, ...SPAN, held, results };
  await writeFile(document, `${JSON.stringify(told, null, 2)}\n`);
  // What a failed drill leaves is what its reason is found in.
  if (held) await forgetFiles(home);
  if (options.json) printJson({ document, ...told });
  else tell(results, language, document);
  return held ? CLI_EXIT.ok : CLI_EXIT.planFailed;
}

function faultsOf(names: string | undefined): readonly Fault[] {
  if (names === undefined) return FAULTS;
  const known = new Map(FAULTS.map((fault) => [fault.name, fault]));
  return names.split(',').map((name) => {
    const fault = known.get(name.trim());
    if (fault) return fault;
    throw new CliError(
      `--faults ${name.trim()} is no fault of the drill.`,
      CLI_EXIT.usage,
      `There are: ${[...known.keys()].join(', ')}.`,
    );
  });
}

function stopOnSignals(): AbortSignal {
  const stopped = new AbortController();
  const reason = new CliError('The drill was stopped; nothing of it runs on.', CLI_EXIT.cancelled);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => stopped.abort(reason));
  }
  return stopped.signal;
}

async function forgetFiles(home: string): Promise<void> {
  for (const name of ['store', 'hosts', 'temporal.db']) {
    await rm(join(home, name), { recursive: true, force: true });
  }
}

function tell(results: readonly TrialResult[], language: 'en' | 'zh', document: string): void {
  print(`\n${drillTable(results, language)}\n\n${document}`);
}
