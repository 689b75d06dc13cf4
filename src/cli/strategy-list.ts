import { readFile } from 'node:fs/promises';
import { parse, YAMLParseError } from 'yaml';
import { CLI_EXIT } from '../contracts/failures.js';
import { isRecord } from '../contracts/is-record.js';
import type { SamplingConfig } from '../contracts/sampling.js';
import { StrategyName } from '../contracts/strategies.js';
import { CliError } from './cli-error.js';
import { checkSettings } from './sampling-settings.js';

type Values = Readonly<Record<string, unknown>>;

export interface NamedSampling {
  readonly name: string;
  readonly sampling: SamplingConfig;
}

/** What is compared when nobody says otherwise: each changes what the options say in one respect. */
function usual(canvas: number): Readonly<Record<string, Values>> {
  const whole = { blockLength: null, cache: 'none', reveal: 'official', tokensPerStep: null };
  const official = { ...whole, steps: canvas };
  return {
    given: {},
    'no-cache': { cache: 'none' },
    'commit-pass': { cache: 'commit_pass' },
    'two-a-step': { steps: null, tokensPerStep: 2 },
    'four-a-step': { steps: null, tokensPerStep: 4 },
    'two-by-confidence': { steps: null, tokensPerStep: 2, reveal: 'confidence' },
    'threshold-0.9': {
      ...{ steps: null, tokensPerStep: null, threshold: 0.9 },
      ...{ order: 'maskgit_plus', reveal: 'confidence' },
    },
    'official-entropy': { ...official, order: 'entropy' },
    'official-maskgit-plus': { ...official, order: 'maskgit_plus' },
    'official-topk-margin': { ...official, order: 'topk_margin' },
    'official-origin': { ...official, order: 'origin' },
    'official-half-the-steps': { ...official, steps: Math.ceil(canvas / 2) },
    'remask-0.1': { ...official, remask: 0.1 },
  };
}

export interface Chosen {
  readonly strategies: readonly NamedSampling[];
  /** Usual ones that the options rule out, each with the reason. */
  readonly leftOut: readonly string[];
}

/** The usual strategies on top of the options, as far as those allow them. */
export function usualStrategies(given: Values): Chosen {
  const own = checkSettings(given);
  if (own.config === null) throw refusal([...own.mistakes.map((mistake) => `given: ${mistake}`)]);
  const strategies: NamedSampling[] = [];
  const leftOut: string[] = [];
  const seen = new Map<string, string>();
  for (const [name, change] of Object.entries(usual(own.config.maxNewTokens))) {
    const { config, mistakes } = checkSettings({ ...given, ...change });
    const key = JSON.stringify(config);
    const same = seen.get(key);
    if (config === null) leftOut.push(`${name}: ${mistakes.join('; ')}`);
    else if (same !== undefined) leftOut.push(`${name}: the same as ${same}`);
    else {
      seen.set(key, name);
      strategies.push({ name, sampling: config });
    }
  }
  return { strategies, leftOut };
}

/** A YAML or JSON file `name: { settings }`, each on top of the options. */
export async function strategiesOfFile(path: string, given: Values): Promise<Chosen> {
  const entries = Object.entries(await readMapping(path));
  const mistakes: string[] = entries.length > 0 ? [] : ['it names no strategy'];
  const strategies: NamedSampling[] = [];
  for (const [name, written] of entries) {
    const change = written ?? {};
    if (!StrategyName.safeParse(name).success) {
      mistakes.push(`${name}: a name has lower-case letters, digits, ".", "_" and "-", at most 48`);
    }
    if (!isRecord(change)) {
      mistakes.push(`${name}: expected settings, as { tokensPerStep: 2 }`);
      continue;
    }
    const checked = checkSettings({ ...given, ...change });
    if (checked.config !== null) strategies.push({ name, sampling: checked.config });
    else mistakes.push(...checked.mistakes.map((mistake) => `${name}: ${mistake}`));
  }
  if (mistakes.length > 0) throw refusal(mistakes, path);
  return { strategies, leftOut: [] };
}

async function readMapping(path: string): Promise<Values> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`The strategies ${path} cannot be read: ${error.code}.`, CLI_EXIT.usage);
  });
  try {
    const document: unknown = parse(text);
    if (isRecord(document)) return document;
    throw refusal(['expected a mapping from names to settings'], path);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw refusal([error.message.split('\n')[0] ?? 'not YAML'], path);
  }
}

function refusal(mistakes: readonly string[], path?: string): CliError {
  const of = path === undefined ? '' : ` of ${path}`;
  const lines = mistakes.map((mistake) => `  - ${mistake}`);
  return new CliError(
    [`Strategies${of} that cannot run; nothing was measured.`, ...lines].join('\n'),
    CLI_EXIT.usage,
  );
}
