import type { ObjectStore } from '../../store/object-store.js';

/** A store for work that may be given up: once the signal is aborted nothing more is begun. */
export function abortable(store: ObjectStore, signal: AbortSignal): ObjectStore {
  const go =
    <A extends unknown[], R>(method: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      signal.throwIfAborted();
      return method.apply(store, args);
    };
  return {
    kind: store.kind,
    location: store.location,
    putIfAbsent: go(store.putIfAbsent.bind(store)),
    put: go(store.put.bind(store)),
    get: go(store.get.bind(store)),
    putFile: go((key, path) => store.putFile(key, path, signal)),
    getFile: go(store.getFile.bind(store)),
    has: go(store.has.bind(store)),
    list: go(store.list.bind(store)),
    describe: go(store.describe.bind(store)),
    delete: go(store.delete.bind(store)),
    abortStaleUploads: go(store.abortStaleUploads.bind(store)),
  };
}
