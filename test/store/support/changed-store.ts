import type { ObjectStore } from '../../../src/store/object-store.js';

/** The same store with some of its work done otherwise. */
export const changed = (store: ObjectStore, changes: Partial<ObjectStore>): ObjectStore =>
  new Proxy(store, {
    get(target, name) {
      const other = changes[name as keyof ObjectStore];
      if (other !== undefined) return other;
      const own: unknown = Reflect.get(target, name);
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
