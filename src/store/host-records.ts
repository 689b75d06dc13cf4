import { HostRecord } from '../contracts/journal.js';
import { canonicalJson } from './canonical-json.js';
import type { ObjectStore } from './object-store.js';
import { readRecord } from './record.js';

const PREFIX = 'hosts/';
const recordKey = (id: string): string => `${PREFIX}${id}.json`;

/** Liveness: overwritten while the host lives. */
export async function writeHostRecord(store: ObjectStore, record: HostRecord): Promise<void> {
  const valid = HostRecord.parse(record);
  await store.put(recordKey(valid.id), Buffer.from(`${canonicalJson(valid)}\n`));
}

export const readHostRecord = (store: ObjectStore, id: string): Promise<HostRecord | undefined> =>
  readRecord(store, recordKey(id), HostRecord);

export async function readHostRecords(store: ObjectStore): Promise<HostRecord[]> {
  const keys = await store.list(PREFIX);
  const records = await Promise.all(keys.map((key) => readRecord(store, key, HostRecord)));
  return records.filter((record) => record !== undefined);
}

export async function removeHostRecord(store: ObjectStore, id: string): Promise<void> {
  await store.delete(recordKey(id));
}
