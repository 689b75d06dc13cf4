import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config/config.js';
import { PlanId } from '../contracts/base.js';
import { CLI_EXIT } from '../contracts/failures.js';
import type { FineTuned } from '../contracts/state.js';
import { exportFiles } from '../store/export-files.js';
import { openStore } from '../store/open-store.js';
import { CliError } from './cli-error.js';
import { lastWords, modelOf, storeMistake } from './plan-model.js';

export interface FoundModel {
  readonly folder: string;
  /** As a sentence names it. */
  readonly label: string;
  /** What it was trained and evaluated with; null: the tokenizer's own, or nobody has noted it. */
  readonly systemPrompt: string | null;
}

/**
 * A folder in the Hugging Face layout as it is, or a plan's model brought below the home: the
 * fine-tuned one, or with `base` what it was trained from. Every size and sha256 is checked each
 * time; files that are right there already are kept.
 */
export async function findModel(
  settings: Config,
  named: string,
  base: boolean,
): Promise<FoundModel> {
  if (isModelFolder(named)) {
    if (!base) return { folder: resolve(named), label: named, systemPrompt: null };
    throw new CliError(
      `--base asks for the base of a plan, and ${named} is a folder.`,
      CLI_EXIT.usage,
      'Name the folder of the base itself.',
    );
  }
  const { model, label } = await modelInStore(settings, named, base);
  const folder = await bring(settings, model);
  return { folder, label, systemPrompt: model.systemPrompt ?? null };
}

export const isModelFolder = (named: string): boolean => existsSync(join(named, 'config.json'));

/** A plan's model where it lies. */
export async function modelInStore(
  settings: Config,
  planId: string,
  base: boolean,
): Promise<{ readonly model: FineTuned; readonly label: string }> {
  if (existsSync(planId) || !PlanId.safeParse(planId).success) {
    throw new CliError(
      `${planId} is neither the id of a plan nor a folder with a model (no config.json in it).`,
      CLI_EXIT.notFound,
    );
  }
  const model = modelOf(await lastWords(settings, planId), planId);
  if (!base) return { model, label: `fine-tuned model of ${planId}` };
  return { model: baseOf(model, planId), label: `base of ${planId}` };
}

function baseOf({ base, ...model }: FineTuned, planId: string): FineTuned {
  if (base) return { ...model, artifact: base, folder: '' };
  throw new CliError(
    `${planId} was carried out by a version that did not note its base.`,
    CLI_EXIT.notFound,
    'Name the folder of the base instead of the plan.',
  );
}

/** A folder by digests: equal models of several plans are one, and nothing is ever replaced. */
async function bring(settings: Config, model: FineTuned): Promise<string> {
  const digests = [model.artifact.digest, model.tokenizer.digest];
  const name = digests.map((digest) => digest.slice(0, 16)).join('-');
  const folder = join(settings.home, 'models', name);
  try {
    const store = await openStore(
      model.store,
      settings.home,
      settings.storeCredentials ?? undefined,
    );
    const weights = await exportFiles(store, model, folder);
    const except = new Set(weights.map(({ path }) => path));
    await exportFiles(store, { artifact: model.tokenizer, folder: '', except }, folder);
    return folder;
  } catch (error) {
    throw storeMistake(error) ?? error;
  }
}
