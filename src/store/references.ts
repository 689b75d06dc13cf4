import { ChainEntry } from '../contracts/journal.js';
import { StageResult } from '../contracts/outcome.js';
import { type ChainState, foldChain } from './fold-chain.js';
import { Journal } from './journal.js';
import { markedOf } from './marked.js';
import type { ObjectStore } from './object-store.js';
import { readRecord } from './record.js';

/** Entries never change: a process that prunes again and again reads each chain once. */
const journals = new WeakMap<ObjectStore, Map<string, Journal<ChainEntry>>>();

function journalAt(store: ObjectStore, prefix: string): Journal<ChainEntry> {
  const known = journals.get(store) ?? new Map<string, Journal<ChainEntry>>();
  journals.set(store, known);
  const journal = known.get(prefix) ?? new Journal(store, prefix, ChainEntry);
  known.set(prefix, journal);
  return journal;
}

/** How many of its newest checkpoints a chain holds. */
export type Holds = (chain: ChainState) => number;

/** Manifests that any chain would restore from: equal training gives equal digests across chains. */
async function heldByChains(store: ObjectStore, holds: Holds): Promise<string[]> {
  const keys = await store.list('chains/');
  const prefixes = new Set(keys.map((key) => key.slice(0, key.lastIndexOf('/'))));
  const held: string[] = [];
  for (const prefix of prefixes) {
    const chain = foldChain(await journalAt(store, prefix).read());
    const { published } = chain;
    const newest = new Set(published.toReversed().map(({ manifest }) => manifest.digest));
    held.push(...[...newest].slice(0, holds(chain)));
    held.push(...markedOf(published).map(({ manifest }) => manifest.digest));
  }
  return held;
}

async function heldByResults(store: ObjectStore): Promise<string[]> {
  const keys = await store.list('results/');
  const results = await Promise.all(keys.map((key) => readRecord(store, key, StageResult)));
  return results.flatMap((result) =>
    Object.values(result?.artifacts ?? {}).map(({ digest }) => digest),
  );
}

/** Digests of manifests that must stay whatever one chain wants to be rid of. */
export async function heldManifests(store: ObjectStore, holds: Holds): Promise<Set<string>> {
  return new Set([...(await heldByChains(store, holds)), ...(await heldByResults(store))]);
}
