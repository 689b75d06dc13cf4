import type { FileEntry, Manifest } from '../../contracts/base.js';
import type { ResultEvent } from '../../contracts/events.js';
import type { StageMetrics } from '../../contracts/outcome.js';
import type { RunSpecInput } from '../../contracts/run-spec.js';
import type { Shown } from '../progress-of.js';

/** Folders of one attempt; all absolute. */
export interface Places {
  readonly runDir: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly staging: string;
  readonly output: string;
  readonly resumeFrom: string | null;
}

export interface Output {
  readonly name: string;
  readonly folder: string;
  readonly files: readonly FileEntry[];
  readonly kind: Manifest['kind'];
}

export type ResultOf<C extends ResultEvent['command']> = Extract<ResultEvent, { command: C }>;

/** What differs between the stages that run the trainer; the attempt engine does the rest. */
export interface Recipe {
  readonly unit: Shown['unit'];
  readonly checkpointKind: 'checkpoint' | 'answers';
  /** Published checkpoints that stay, the newest included. */
  readonly keep: number;
  /** The trainer's runs, one after another; each may look at the results before it. */
  readonly runs: readonly ((places: Places) => Promise<RunSpecInput>)[];
  readonly metrics: (results: readonly ResultEvent[], secondsToReady: number) => StageMetrics;
  readonly outputs: (results: readonly ResultEvent[]) => Output[];
}

export function resultOf<C extends ResultEvent['command']>(
  results: readonly ResultEvent[],
  command: C,
): ResultOf<C> {
  const found = results.find((result): result is ResultOf<C> => result.command === command);
  if (!found) throw new Error(`The trainer gave no result of ${command}`);
  return found;
}

/** A result's own files as the artifact `name`. */
export function outputOf(result: ResultEvent, name: string, kind: Manifest['kind']): Output[] {
  return result.folder === null
    ? []
    : [{ name, folder: result.folder, files: result.files, kind }];
}

/** Optional keys of a spec are left out, never undefined. */
export function compute(configuration: { device: 'cpu' | 'cuda'; threads?: number | undefined }) {
  const { device, threads } = configuration;
  return { device, ...(threads !== undefined && { threads }) };
}
