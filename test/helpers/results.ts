import type { ArtifactRef } from '../../src/contracts/base.js';
import { StageResult } from '../../src/contracts/outcome.js';
import type { StageName } from '../../src/contracts/stages.js';
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

/** The newest result of a stage in the store; both evaluations may share one key, so not by name alone. */
export async function resultOf(
  store: ObjectStore,
  stage: StageName,
): Promise<StageResult | undefined> {
  const keys = await store.list('results/');
  const all = await Promise.all(
    keys.map(async (key) => StageResult.parse(JSON.parse(text(await store.get(key))))),
  );
  return all
    .filter((result) => result.stage === stage)
    .sort((a, b) => (a.finishedAt < b.finishedAt ? -1 : 1))
    .at(-1);
}

/** As if this stage had never been done: its result and its chain go, its inputs stay. */
export async function forget(store: ObjectStore, stage: StageName): Promise<void> {
  const result = await resultOf(store, stage);
  if (!result) throw new Error(`${stage} has no result to forget`);
  const chain = await store.list(`chains/${result.stageKey}/`);
  for (const key of [`results/${result.stageKey}.json`, ...chain]) await store.delete(key);
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

/** The chain that this plan's attempts of a stage have written to; null before the first. */
export async function chainOf(
  store: ObjectStore,
  planId: string,
  stage: StageName,
): Promise<{ key: string; chain: ChainState } | null> {
  const keys = new Set((await store.list('chains/')).map((key) => key.split('/')[1]!));
  for (const key of keys) {
    const entries = await store.list(`chains/${key}/`);
    const texts = await Promise.all(entries.map(async (entry) => text(await store.get(entry))));
    const mine = texts.some((entry) => {
      const read = JSON.parse(entry) as Record<string, unknown>;
      return read['type'] === 'acquired' && read['planId'] === planId && read['stage'] === stage;
    });
    if (mine) return { key, chain: await new Chain(store, key).fold() };
  }
  return null;
}
