import type { ObjectStore } from '../store/object-store.js';

/** As if the work under this key had never been done; what led to it stays paid for. */
export async function forgetStage(store: ObjectStore, stageKey: string): Promise<void> {
  const chain = await store.list(`chains/${stageKey}/`);
  for (const key of [`results/${stageKey}.json`, ...chain]) await store.delete(key);
}
