import { parseDocument } from 'yaml';
import { CLI_EXIT } from '../contracts/failures.js';
import { samplingMistakes } from '../contracts/sampling-rules.js';
import { SAMPLING_PRESETS, SamplingConfig, type SamplingPreset } from '../contracts/sampling.js';
import { CliError } from './cli-error.js';

export interface SamplingArguments {
  readonly preset?: string;
  /** `sampling.key=value` each, the value in YAML; `sampling.` may be left out. */
  readonly set?: readonly string[];
  readonly seed?: string;
}

type Values = Readonly<Record<string, unknown>>;

/** What the options say of sampling, not checked yet: a strategy may change it. */
export function givenSettings({ preset = 'default', set = [], seed }: SamplingArguments): Values {
  const own = Object.fromEntries([
    ...(seed === undefined ? [] : [['seed', wholeNumber('--seed', seed)]]),
    ...set.map(setting),
  ]) as Values;
  if (!Object.hasOwn(SAMPLING_PRESETS, preset)) {
    const known = Object.keys(SAMPLING_PRESETS).join(', ');
    throw new CliError(`--preset ${preset} is none of ${known}.`, CLI_EXIT.usage);
  }
  const canvas = SamplingConfig.shape.maxNewTokens.safeParse(own['maxNewTokens']);
  // A canvas that cannot be is told with the other mistakes.
  const size = canvas.success ? canvas.data : SamplingConfig.parse({}).maxNewTokens;
  return { ...SAMPLING_PRESETS[preset as SamplingPreset](size), ...own };
}

export type Checked =
  | { readonly config: SamplingConfig; readonly mistakes: readonly [] }
  | { readonly config: null; readonly mistakes: readonly string[] };

/** Settings with every reason against them, before a model is read. */
export function checkSettings(values: unknown): Checked {
  const parsed = SamplingConfig.safeParse(values);
  const mistakes = parsed.success
    ? samplingMistakes(parsed.data).map(({ key, message }) => `sampling.${key} ${message}`)
    : parsed.error.issues.map(
        ({ path, message }) => `${['sampling', ...path.map(String)].join('.')}: ${message}`,
      );
  if (!parsed.success || mistakes.length > 0) return { config: null, mistakes };
  return { config: parsed.data, mistakes: [] };
}

export function samplingOf(options: SamplingArguments): SamplingConfig {
  const { config, mistakes } = checkSettings(givenSettings(options));
  if (config !== null) return config;
  throw new CliError(
    ['These settings cannot work; nothing was asked.', ...mistakes.map((m) => `  - ${m}`)].join(
      '\n',
    ),
    CLI_EXIT.usage,
  );
}

function setting(text: string): readonly [string, unknown] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new CliError(`--set ${text}: expected sampling.key=value`, CLI_EXIT.usage);
  const value = parseDocument(text.slice(equals + 1));
  if (value.errors.length > 0) {
    throw new CliError(`--set ${text}: the value is not YAML`, CLI_EXIT.usage);
  }
  return [text.slice(0, equals).replace(/^sampling\./, ''), value.toJS()];
}

export function wholeNumber(option: string, text: string, least = 0): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
  throw new CliError(
    `${option} ${text}: expected a whole number, at least ${least}`,
    CLI_EXIT.usage,
  );
}
