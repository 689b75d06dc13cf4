import type { ArtifactRef } from '../../src/contracts/base.js';
import { StageResult } from '../../src/contracts/outcome.js';
import type { StageName } from '../../src/contracts/stages.js';
import { forgetStage } from '../../src/drill/forget-stage.js';
import { blobKey, readManifest } from '../../src/store/artifacts.js';
import { Chain } from '../../src/store/chain.js';
import type { ChainState } from '../../src/store/fold-chain.js';
import type { ObjectStore } from '../../src/store/object-store.js';

export interface Answer {
  readonly id: string;
  readonly answer: string;
  readonly correct: boolean;
}

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');

/** Results in the store that a stage has left, the newest last; an evaluation leaves several. */
async function resultsOf(store: ObjectStore, stage: StageName): Promise<StageResult[]> {
  const keys = await store.list('results/');
  const all = await Promise.all(
    keys.map(async (key) => StageResult.parse(JSON.parse(text(await store.get(key))))),
  );
  return all
    .filter((result) => result.stage === stage)
    .sort((a, b) => (a.finishedAt < b.finishedAt ? -1 : 1));
}

/** The newest result of a stage; both evaluations may share one key, so not by name alone. */
export const resultOf = async (
  store: ObjectStore,
  stage: StageName,
): Promise<StageResult | undefined> => (await resultsOf(store, stage)).at(-1);

/** As if this stage had never been done: its results and chains go, its inputs stay. */
export async function forget(store: ObjectStore, stage: StageName): Promise<void> {
  const results = await resultsOf(store, stage);
  if (results.length === 0) throw new Error(`${stage} has no result to forget`);
  for (const { stageKey } of results) await forgetStage(store, stageKey);
}

/** The graded answers of an evaluation, in the order of the file. */
export async function answersOf(store: ObjectStore, answers: ArtifactRef): Promise<Answer[]> {
  const { files } = await readManifest(store, answers.digest);
  const file = files.find(({ path }) => path === 'answers.jsonl');
  const lines = text(file && (await store.get(blobKey(file.sha256))))
    .trim()
    .split('\n');
  return lines.map((line) => {
    const { id, answer, correct } = JSON.parse(line) as Answer;
    return { id, answer, correct };
  });
}

export interface StageChain {
  readonly key: string;
  readonly chain: ChainState;
}

/** The chain that this plan's attempts of a stage have written to; null before the first. */
export const chainOf = async (
  store: ObjectStore,
  planId: string,
  stage: StageName,
): Promise<StageChain | null> => (await chainsOf(store, planId, stage))[0] ?? null;

/** Of a stage in shards: one for each that has been begun. */
export async function chainsOf(
  store: ObjectStore,
  planId: string,
  stage: StageName,
): Promise<StageChain[]> {
  const keys = new Set((await store.list('chains/')).map((key) => key.split('/')[1]!));
  const found: StageChain[] = [];
  for (const key of keys) {
    const entries = await store.list(`chains/${key}/`);
    const texts = await Promise.all(entries.map(async (entry) => text(await store.get(entry))));
    const mine = texts.some((entry) => {
      const read = JSON.parse(entry) as Record<string, unknown>;
      return read['type'] === 'acquired' && read['planId'] === planId && read['stage'] === stage;
    });
    if (mine) found.push({ key, chain: await new Chain(store, key).fold() });
  }
  return found;
}
