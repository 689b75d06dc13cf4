import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../../config/config.js';
import type { BeforeScore } from '../../contracts/before-scores.js';
import { CLI_EXIT } from '../../contracts/failures.js';
import type { ResolvedPlan } from '../../contracts/plan.js';
import type { ObjectStore } from '../../store/object-store.js';
import { openStore } from '../../store/open-store.js';
import { readResult, writeResult } from '../../store/results.js';
import { damages, publishScore, readScores, writeScores } from '../before-folder.js';
import { type Before, beforeOf, misfits, scoresIn } from '../before-scores.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { count, print, printJson } from '../output.js';

export interface BeforeArguments {
  readonly set?: readonly string[];
  readonly json?: boolean;
}

interface Opened {
  readonly plan: ResolvedPlan;
  readonly store: ObjectStore;
  readonly codeDigest: string;
  readonly before: Before;
}

async function open(file: string, { set = [] }: BeforeArguments): Promise<Opened> {
  const settings: Config = await config();
  const { loadPlan } = await import('../plan-file.js');
  const { codeDigest: digestOf } = await import('../../config/code-digest.js');
  const plan = await loadPlan(file, { settings: set });
  const store = await openStore(plan.store, settings.home, settings.storeCredentials ?? undefined);
  const codeDigest = await digestOf(settings.root);
  return { plan, store, codeDigest, before: await beforeOf(plan, store, codeDigest) };
}

/** Puts the scores of a plan's base, with all answers, into a folder that others can import. */
export async function exportBefore(
  file: string,
  folder: string,
  options: BeforeArguments,
): Promise<number> {
  const destination = resolve(folder);
  await refuseFull(destination);
  const { plan, store, codeDigest, before } = await open(file, options);
  const scores = before.inputs ? await scoresIn(store, before, before.inputs) : [];
  if (scores.length === 0) throw nothingToExport(plan.id, store);
  await writeScores(store, destination, { version: 1, codeDigest, scores });
  const names = scores.map(({ name }) => name);
  if (options.json) printJson({ plan: plan.id, folder: destination, scores: names });
  else print(`Scores before of ${plan.id} (${names.join(', ')}) are in ${destination}.`);
  return CLI_EXIT.ok;
}

const nothingToExport = (planId: string, store: ObjectStore): CliError =>
  new CliError(
    `${store.location} holds no scores of the base of ${planId} under these settings and this trainer code.`,
    CLI_EXIT.notFound,
    'Its eval-before makes them; see `dream-sft status`.',
  );

async function refuseFull(destination: string): Promise<void> {
  const names = await readdir(destination).catch(() => [] as string[]);
  if (names.length === 0) return;
  throw new CliError(
    `${destination} is not empty, and an export overwrites nothing.`,
    CLI_EXIT.usage,
    'Name a folder that is empty or not there yet.',
  );
}

/** Takes scores into a plan's store, if they are what its eval-before would measure. */
export async function importBefore(
  file: string,
  folder: string,
  options: BeforeArguments,
): Promise<number> {
  const source = resolve(folder);
  const document = await readScores(source);
  const { plan, store, codeDigest, before } = await open(file, options);
  const reasons = [
    ...misfits(before, codeDigest, document),
    ...(await damages(source, document.scores)),
  ];
  if (reasons.length > 0) throw refused(source, plan.id, reasons);
  const names = before.asked.map(({ name }) => name);
  const wanted = document.scores.filter(({ name }) => names.includes(name));
  for (const score of wanted) await take(store, before, source, score);
  const taken = wanted.map(({ name }) => name);
  const bound = before.inputs === null ? document.scores[0]!.inputs['model']!.digest : null;
  if (options.json) printJson({ plan: plan.id, scores: taken, ifBaseIs: bound });
  else print(importedText(plan.id, taken, bound));
  return CLI_EXIT.ok;
}

function importedText(planId: string, taken: readonly string[], bound: string | null): string {
  const text = `${planId} has its scores before (${taken.join(', ')}): they are not asked again.`;
  if (bound === null) return text;
  return `${text}\nIts base is not downloaded yet: they count if its digest is ${bound.slice(0, 12)}.`;
}

const refused = (source: string, planId: string, reasons: readonly string[]): CliError =>
  new CliError(
    [
      `The scores in ${source} are not those of ${planId}; ${count(reasons.length, 'reason')}:`,
      ...reasons.map((reason) => `  ${reason}`),
    ].join('\n'),
    CLI_EXIT.data,
  );

async function take(
  store: ObjectStore,
  before: Before,
  source: string,
  score: BeforeScore,
): Promise<void> {
  const { configuration, inputs, result } = score;
  const stageKey = before.keyOf(configuration, inputs);
  if (await readResult(store, stageKey)) return;
  await publishScore(store, source, score);
  await writeResult(store, { ...result, stage: 'eval-before', stageKey });
}
