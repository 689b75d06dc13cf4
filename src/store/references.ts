import { ChainEntry } from '../contracts/journal.js';
import { StageResult } from '../contracts/outcome.js';
import { foldChain } from './fold-chain.js';
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

/** Manifests that any chain would restore from: equal training gives equal digests across chains. */
async function heldByChains(store: ObjectStore, keep: number): Promise<string[]> {
  const keys = await store.list('chains/');
  const prefixes = new Set(keys.map((key) => key.slice(0, key.lastIndexOf('/'))));
  const held: string[] = [];
  for (const prefix of prefixes) {
    const { published } = foldChain(await journalAt(store, prefix).read());
    const kept = [...published.slice(-keep), ...markedOf(published)];
    held.push(...kept.map(({ manifest }) => manifest.digest));
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
export async function heldManifests(store: ObjectStore, keep: number): Promise<Set<string>> {
  return new Set([...(await heldByChains(store, keep)), ...(await heldByResults(store))]);
}
