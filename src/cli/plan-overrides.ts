import { type Document, isMap, parseDocument } from 'yaml';
import { Language } from '../contracts/base.js';
import { CLI_EXIT } from '../contracts/failures.js';
import { CliError } from './cli-error.js';
import type { Mistake } from './plan-mistakes.js';

/** What a command says about a plan beside its file; checked like the file itself. */
export interface PlanOverrides {
  readonly id?: string;
  readonly language?: 'en' | 'zh';
  /** `path.to.key=value` each, the value in YAML. */
  readonly settings?: readonly string[];
}

/** `--lang` of a command; nothing when it was not given. */
export function languageOverride(lang: string | undefined): Pick<PlanOverrides, 'language'> {
  if (lang === undefined) return {};
  const language = Language.safeParse(lang);
  if (language.success) return { language: language.data };
  throw new CliError(`--lang ${lang}: expected en or zh`, CLI_EXIT.usage);
}

/** Path of a key → the option that has set it. */
export type Origins = ReadonlyMap<string, string>;

/** Writes the overrides into the document, so that everything after sees one plan. */
export function applyOverrides(
  document: Document,
  { id, language, settings = [] }: PlanOverrides,
): Origins {
  const origins = new Map<string, string>();
  for (const setting of settings) origins.set(applySetting(document, setting), `--set ${setting}`);
  for (const [key, value, option] of [
    ['id', id, '--id'],
    ['language', language, '--lang'],
  ] as const) {
    if (value === undefined || !isMap(document.contents)) continue;
    document.setIn([key], document.createNode(value));
    origins.set(key, `${option} ${value}`);
  }
  return origins;
}

function applySetting(document: Document, setting: string): string {
  const equals = setting.indexOf('=');
  if (equals < 1)
    throw new CliError(`--set ${setting}: expected path.to.key=value`, CLI_EXIT.usage);
  const value = parseDocument(setting.slice(equals + 1));
  if (value.errors.length > 0)
    throw new CliError(`--set ${setting}: the value is not YAML`, CLI_EXIT.usage);
  const path = setting.slice(0, equals);
  const parts = path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  try {
    document.setIn(parts, document.createNode(value.toJS()));
  } catch {
    // The library refuses a path that goes through text or a number.
    throw new CliError(`--set ${setting}: ${path} leads through a value`, CLI_EXIT.usage);
  }
  return path;
}

/** A mistake in what an option has set is told with that option, not with a line of the file. */
export function withOrigin(mistake: Mistake, origins: Origins): Mistake {
  const parts = mistake.path.split('.');
  const above = parts.map((_, i) => parts.slice(0, parts.length - i).join('.'));
  const from = above.map((path) => origins.get(path)).find((option) => option !== undefined);
  return from === undefined ? mistake : { ...mistake, from };
}
