import { CLI_EXIT } from '../../contracts/failures.js';
import type { StoreConfig } from '../../contracts/store.js';
import { collectGarbage, lookForGarbage, type Collected } from '../../store/collect-garbage.js';
import type { Garbage, StoreContents } from '../../store/garbage.js';
import type { ObjectStore } from '../../store/object-store.js';
import { openStore } from '../../store/open-store.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { count, print, printJson } from '../output.js';
import { checkPlanFile, formatMistakes } from '../plan-file.js';
import { storeMistake } from '../plan-model.js';

export interface GcArguments {
  readonly delete?: boolean;
  readonly olderThan: string;
  readonly json?: boolean;
}

interface Look {
  readonly contents: StoreContents;
  readonly garbage: Garbage;
}

export async function gc(plan: string | undefined, options: GcArguments): Promise<number> {
  const before = Date.now() - ageOf(options.olderThan);
  const store = await storeOf(plan);
  const look = await lookForGarbage(store, before);
  // In a batch under way its parts are no artifact yet, and paid for all the same.
  const uploads = options.delete ? await store.abortStaleUploads(before) : [];
  const collected = options.delete ? await collectGarbage(store, before) : null;
  if (options.json) printJson(document(store, look, collected, uploads));
  else tell(store, look, collected, { ...options, uploads: uploads.length });
  return collected?.finished === false ? CLI_EXIT.planFailed : CLI_EXIT.ok;
}

const MS = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;

/** What is published right now has no journal that names it yet: an hour is more than that takes. */
function ageOf(text: string): number {
  const [, number, unit] = /^(\d+)([dhm])$/.exec(text) ?? [];
  const age = Number(number) * MS[unit as keyof typeof MS];
  if (age >= MS.h) return age;
  const advice = 'Give a number with d, h or m that is an hour or more, as in 2d.';
  throw new CliError(`--older-than ${text} cannot be.`, CLI_EXIT.usage, advice);
}

/** The store that a plan file names, or this machine's own. */
async function storeOf(plan: string | undefined): Promise<ObjectStore> {
  const settings = await config();
  try {
    return await openStore(
      plan === undefined ? { kind: 'local' } : await namedIn(plan),
      settings.home,
      settings.storeCredentials ?? undefined,
    );
  } catch (error) {
    throw storeMistake(error) ?? error;
  }
}

async function namedIn(plan: string): Promise<StoreConfig> {
  const { text, mistakes } = await checkPlanFile(plan);
  if (text === null) throw new CliError(formatMistakes(plan, mistakes), CLI_EXIT.spec);
  return text.store;
}

function document(
  { location }: ObjectStore,
  { contents, garbage }: Look,
  collected: Collected | null,
  uploads: readonly string[],
) {
  const { manifests, blobs } = contents;
  const there = { artifacts: manifests.size, files: blobs.size };
  return { store: location, there, garbage, deleted: collected, uploads };
}

const size = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const of = (artifacts: number, files: number): string =>
  `${count(artifacts, 'artifact')} and ${count(files, 'file')}`;

function tell(
  { location }: ObjectStore,
  { contents: { manifests, blobs }, garbage }: Look,
  collected: Collected | null,
  { olderThan, uploads }: GcArguments & { readonly uploads: number },
): void {
  print(`${location}: ${of(manifests.size, blobs.size)}`);
  const found = of(garbage.manifests.length, garbage.blobs.length);
  const { bytes } = garbage;
  print(`nothing refers to ${found} older than ${olderThan}, ${size(bytes)}`);
  for (const digest of garbage.unreadable) {
    print(`manifests/${digest}.json cannot be read, so all files stay: restore or delete it`);
  }
  if (collected === null) {
    if (bytes > 0) print('Nothing was deleted: add --delete for that.');
    return;
  }
  print(`deleted: ${of(collected.manifests, collected.blobs)}, ${count(uploads, 'broken upload')}`);
  if (!collected.finished)
    print('It took too long for a plan that wanted to publish: run it again.');
}
