import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Config } from '../../config/config.js';
import type { Language } from '../../contracts/base.js';
import { CLI_EXIT } from '../../contracts/failures.js';
import { drill as runDrill, SPAN } from '../../drill/drill.js';
import type { Fault } from '../../drill/fault.js';
import { FAULTS } from '../../drill/faults/table.js';
import type { Span } from '../../drill/schedule.js';
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

const STRAIGHT: Readonly<Record<Language, string>> = {
  en: 'straight run, struck by nobody',
  zh: '不受打击的一遍',
};
const LEFT_OUT: Readonly<Record<Language, string>> = { en: 'left out', zh: '略过' };

/** The person's own proof before a yuan is spent: the tiny plan under a seeded schedule of faults. */
export async function drill(options: DrillArguments): Promise<number> {
  const { home: own, root } = await config();
  const { faults, leftOut } = await faultsOf(options.faults, await config());
  const trials = wholeNumber('--trials', options.trials ?? String(faults.length), 1);
  const seed = wholeNumber('--seed', options.seed, 0);
  const { language = 'en' } = languageOverride(options.lang);
  const home = await freshFolder(own);
  const papers = new Papers(home, language, { seed, trials, ...SPAN, leftOut });
  const say = options.json ? (): void => undefined : print;
  for (const { fault, why } of leftOut) say(`${fault}  ${LEFT_OUT[language]}: ${why}`);
  await runDrill({
    ...{ home, faults, trials, seed, signal: stopOnSignals() },
    planFile: join(root, 'plans', 'tiny.yaml'),
    onStraight: (seconds) => say(`${STRAIGHT[language]}  ${seconds.toFixed(0)} s`),
    onTrial: async (one, seconds) => {
      await papers.add(one);
      const result = resultText(one, language);
      say(`${one.trial}/${trials}  ${one.fault}  ${result}  ${seconds.toFixed(0)} s`);
    },
  });
  // What a failed drill leaves is what its reason is found in.
  if (papers.held) await forgetFiles(home);
  if (options.json) printJson({ document: papers.document, ...papers.told });
  else print(`\n${papers.table}\n\n${papers.document}`);
  return papers.held ? CLI_EXIT.ok : CLI_EXIT.planFailed;
}

async function freshFolder(own: string): Promise<string> {
  const digits = new Date().toISOString().replace(/[^0-9]/g, '');
  const home = join(own, 'drills', digits.slice(2, 14));
  await mkdir(home, { recursive: true });
  return home;
}

/** What the trials have in common. */
interface About extends Span, Pick<Chosen, 'leftOut'> {
  readonly seed: number;
  readonly trials: number;
}

/** drill.json and drill.txt, written after each trial: a long drill that is stopped has told all until then. */
class Papers {
  readonly document: string;
  readonly #results: TrialResult[] = [];

  constructor(
    private readonly home: string,
    private readonly language: Language,
    private readonly about: About,
  ) {
    this.document = join(home, 'drill.json');
  }

  /** Only of a drill that has come to its end. */
  get held(): boolean {
    const all = this.#results.length === this.about.trials;
    return all && this.#results.every(({ failures }) => failures.length === 0);
  }

  get told() {
    return { ...this.about, held: this.held, results: this.#results };
  }

  get table(): string {
    return drillTable(this.#results, this.language);
  }

  async add(result: TrialResult): Promise<void> {
    this.#results.push(result);
    await writeFile(this.document, `${JSON.stringify(this.told, null, 2)}\n`);
    const text = stripVTControlCharacters(this.table);
    await writeFile(join(this.home, 'drill.txt'), `${text}\n`);
  }
}

interface Chosen {
  readonly faults: readonly Fault[];
  /** What this machine cannot do. */
  readonly leftOut: readonly { readonly fault: string; readonly why: string }[];
}

/** Of all faults those are left out that this machine cannot do; one that was named is a mistake. */
async function faultsOf(names: string | undefined, config: Config): Promise<Chosen> {
  const named = names === undefined ? FAULTS : names.split(',').map(faultOf);
  const faults: Fault[] = [];
  const leftOut: { fault: string; why: string }[] = [];
  for (const fault of named) {
    const why = (await fault.unavailable?.(config)) ?? null;
    if (why === null) faults.push(fault);
    else if (names === undefined) leftOut.push({ fault: fault.name, why });
    else
      throw new CliError(
        `--faults ${fault.name} cannot be done here: ${why}.`,
        CLI_EXIT.missingTool,
      );
  }
  return { faults, leftOut };
}

function faultOf(name: string): Fault {
  const fault = FAULTS.find((each) => each.name === name.trim());
  if (fault) return fault;
  throw new CliError(
    `--faults ${name.trim()} is no fault of the drill.`,
    CLI_EXIT.usage,
    `There are: ${FAULTS.map((each) => each.name).join(', ')}.`,
  );
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
