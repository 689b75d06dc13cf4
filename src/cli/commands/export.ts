import { readdir, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../../config/config.js';
import { CLI_EXIT } from '../../contracts/failures.js';
import type { FineTuned } from '../../contracts/state.js';
import { exportFiles } from '../../store/export-files.js';
import { openStore } from '../../store/open-store.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { print, printJson } from '../output.js';
import { checkpointOf, lastWords, modelOf, storeMistake } from '../plan-model.js';

export interface ExportArguments {
  readonly json?: boolean;
  readonly checkpoint?: boolean;
}

/** Puts the fine-tuned model, tokenizer included, into a folder in the Hugging Face layout. */
export async function exportModel(
  planId: string,
  folder: string,
  options: ExportArguments,
): Promise<number> {
  const destination = resolve(folder);
  await refuseFull(destination);
  const settings = await config();
  const told = await lastWords(settings, planId);
  const model = options.checkpoint ? checkpointOf(told, planId) : modelOf(told, planId);
  const files = await write(settings, model, destination);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (options.json) printJson({ planId, folder: destination, artifact: model.artifact, files });
  else {
    const size = `${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`;
    const what = options.checkpoint ? `model of step ${told.checkpoint?.step}` : 'fine-tuned model';
    print(`The ${what} of ${planId} is in ${destination}: ${size}, every sha256 checked.`);
  }
  return CLI_EXIT.ok;
}

async function refuseFull(destination: string): Promise<void> {
  const names = await readdir(destination).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new CliError(`${destination} cannot be the folder of a model: ${error.code}.`);
  });
  if (names.length === 0) return;
  throw new CliError(
    `${destination} is not empty, and an export overwrites nothing.`,
    CLI_EXIT.usage,
    'Name a folder that is empty or not there yet.',
  );
}

async function write(
  settings: Config,
  model: FineTuned,
  destination: string,
): ReturnType<typeof exportFiles> {
  const part = `${destination}.part`;
  try {
    const store = await openStore(
      model.store,
      settings.home,
      settings.storeCredentials ?? undefined,
    );
    const weights = await exportFiles(store, model, part);
    const except = new Set(weights.map(({ path }) => path));
    const tokenizer = { artifact: model.tokenizer, folder: '', except };
    const files = [...weights, ...(await exportFiles(store, tokenizer, part))];
    await rename(part, destination);
    return files;
  } catch (error) {
    throw await toldAs(error, part);
  }
}

async function toldAs(error: unknown, part: string): Promise<unknown> {
  const known = storeMistake(error);
  if (known !== null) {
    // What is damaged in the store stays so: nothing of it is worth going on from.
    if (known.exitCode === CLI_EXIT.data) await rm(part, { recursive: true, force: true });
    return known;
  }
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return error;
  return new CliError(
    `The model cannot be written to ${part}: ${code}.`,
    CLI_EXIT.planFailed,
    'What is there already is kept; mend it and export again.',
  );
}
