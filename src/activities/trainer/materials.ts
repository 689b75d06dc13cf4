import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { StageInput } from '../../contracts/activities.js';
import type { SuiteConfig } from '../../contracts/sampling.js';
import { materialise } from '../../store/artifacts.js';
import { DamagedArtifactError, MissingObjectError } from '../../store/errors.js';
import type { StageDeps } from '../deps.js';
import { stageFailure } from '../stage-failure.js';
import type { StageFolders } from './folders.js';

/** Whose inputs they are, as a message names it. */
type Asker = Pick<StageInput, 'inputs'> & { readonly stage: string };
type HostFolders = Pick<StageFolders, 'inputs' | 'cache'>;

/** An input artifact as a folder of this host, every digest checked. */
export async function bringInput(
  deps: StageDeps,
  input: Asker,
  folders: HostFolders,
  name: string,
): Promise<string> {
  return bringTogether(deps, input, folders, [name]);
}

/** A model with its tokenizer files in one folder, as the trainer wants them. */
export async function bringModel(
  deps: StageDeps,
  input: Asker,
  folders: HostFolders,
  name: 'base' | 'model',
  inside = '',
): Promise<string> {
  const names = input.inputs['tokenizer'] ? [name, 'tokenizer'] : [name];
  return bringTogether(deps, input, folders, names, inside);
}

interface Bringing {
  readonly deps: StageDeps;
  readonly input: StageInput;
  readonly folders: StageFolders;
}

/** Files of suites come from the download stage, whatever path the plan named on another machine. */
export async function bringSuites(
  { deps, input, folders }: Bringing,
  suites: readonly SuiteConfig[],
): Promise<SuiteConfig[]> {
  if (!input.inputs['suites']) return [...suites];
  const folder = await bringInput(deps, input, folders, 'suites');
  const names = await readdir(folder);
  // A pilot's file keeps its own name, and lies alone.
  const only = names.length === 1 ? names[0] : undefined;
  const fileOf = (suite: string): string =>
    only ?? names.find((name) => parse(name).name === suite) ?? `${suite}.jsonl`;
  return suites.map((suite) =>
    suite.file ? { ...suite, file: join(folder, fileOf(suite.name)) } : suite,
  );
}

async function bringTogether(
  deps: StageDeps,
  input: Asker,
  folders: HostFolders,
  names: readonly string[],
  inside = '',
): Promise<string> {
  const refs = names.map((name) => {
    const ref = input.inputs[name];
    if (!ref) throw stageFailure('BadSpec', `${input.stage} was given no ${name}`);
    return ref;
  });
  const folder = join(folders.inputs, refs.map(({ digest }) => digest.slice(0, 16)).join('-'));
  const [first, ...more] = refs;
  try {
    await materialise(deps.store, first!, folder, { cache: folders.cache });
    for (const ref of more) {
      await materialise(deps.store, ref, join(folder, inside), { cache: folders.cache });
    }
  } catch (error) {
    // An input that is damaged in the store stays so, however often it is tried.
    const damaged = error instanceof DamagedArtifactError || error instanceof MissingObjectError;
    throw damaged ? stageFailure('BadData', `${names.join(', ')}: ${error.message}`) : error;
  }
  return join(folder, inside);
}
