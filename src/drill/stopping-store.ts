import type { ObjectStore } from '../store/object-store.js';

/** Where in the publishing of a checkpoint a host can be caught, in their order. */
export const STOPS = ['upload', 'manifest', 'journal'] as const;
export type Stop = (typeof STOPS)[number];

const text = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('utf8');

/** Whether this call of the store is the moment before which a host is to stop. */
type Moment = (method: string, key: string, body: unknown) => boolean;

const MOMENTS: Readonly<Record<Stop, () => Moment>> = {
  // Behind one file of it and before another.
  upload: () => {
    let files = 0;
    return (method, key) => method === 'putFile' && key.startsWith('blobs/') && ++files > 1;
  },
  manifest: () => (method, key) => method === 'put' && key.startsWith('manifests/'),
  // Between validation and write: what it decided on may be old when it wakes.
  journal: () => (method, key, body) =>
    method === 'putIfAbsent' &&
    key.startsWith('chains/') &&
    (JSON.parse(text(body)) as { type: string }).type === 'published',
};

export interface Stopping {
  readonly at: Stop;
  /** Asked at each call of the store: whether moments count by now. */
  readonly armed: () => boolean;
  readonly stop: () => void;
}

/** The same store, but the process stops before one moment of it, once. */
export function stoppingStore(store: ObjectStore, { at, armed, stop }: Stopping): ObjectStore {
  const isMoment = MOMENTS[at]();
  let stopped = false;
  return new Proxy(store, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (typeof own !== 'function') return own;
      return (...args: unknown[]): unknown => {
        if (!stopped && armed() && isMoment(String(name), String(args[0]), args[1])) {
          stopped = true;
          stop();
        }
        return own.apply(target, args);
      };
    },
  });
}
