import type { StoreConfig } from '../contracts/store.js';
import { canonicalJson } from './canonical-json.js';
import type { ObjectStore } from './object-store.js';
import { openStore, type StoreCredentials } from './open-store.js';

export type OpenStore = (config: StoreConfig) => Promise<ObjectStore>;

/**
 * Opens each store once for the life of a worker; one that could not be opened is tried again.
 * `change` is for a drill, which stops a worker in the middle of what it does in its store.
 */
export function storeOpener(
  home: string,
  credentials: StoreCredentials | null,
  change: (store: ObjectStore) => ObjectStore = (store) => store,
): OpenStore {
  const opened = new Map<string, Promise<ObjectStore>>();
  return (config) => {
    const key = canonicalJson(config);
    const known = opened.get(key);
    if (known) return known;
    const opening = openStore(config, home, credentials ?? undefined).then(change);
    opened.set(key, opening);
    opening.catch(() => opened.delete(key));
    return opening;
  };
}
