import { StageResult } from '../contracts/outcome.js';
import { canonicalJson } from './canonical-json.js';
import { MissingObjectError } from './errors.js';
import type { ObjectStore } from './object-store.js';
import { readRecord } from './record.js';

const resultKey = (stageKey: string): string => `results/${stageKey}.json`;

export function readResult(store: ObjectStore, stageKey: string): Promise<StageResult | undefined> {
  return readRecord(store, resultKey(stageKey), StageResult);
}

/** The first result of a stage key stands for ever; returns the one that stands. */
export async function writeResult(store: ObjectStore, result: StageResult): Promise<StageResult> {
  const valid = StageResult.parse(result);
  const key = resultKey(valid.stageKey);
  if (await store.putIfAbsent(key, Buffer.from(`${canonicalJson(valid)}\n`))) return valid;
  const standing = await readResult(store, valid.stageKey);
  if (standing === undefined) throw new MissingObjectError(key, store.location);
  return standing;
}
