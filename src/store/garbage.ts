import type { StoredObject } from './object-store.js';

type Stored = Pick<StoredObject, 'bytes' | 'modifiedMs'>;

export interface StoredManifest extends Stored {
  /** sha256 of its files; null: it cannot be read. */
  readonly files: readonly string[] | null;
}

/** All artifacts of a store by their digests, and what is spoken for. */
export interface StoreContents {
  readonly manifests: ReadonlyMap<string, StoredManifest>;
  readonly blobs: ReadonlyMap<string, Stored>;
  /** Manifests that a chain has published or a stage's result names. */
  readonly roots: ReadonlySet<string>;
}

export interface Garbage {
  /** Digests. */
  readonly manifests: readonly string[];
  readonly blobs: readonly string[];
  readonly bytes: number;
  /** Manifests that are kept and cannot be read: whose files they are nobody knows, so all stay. */
  readonly unreadable: readonly string[];
}

/**
 * What nothing refers to and nobody has touched since `before`: whoever publishes puts the manifest
 * anew before a journal names it, and the files of a manifest that stays all stay.
 */
export function garbageIn({ manifests, blobs, roots }: StoreContents, before: number): Garbage {
  const isOld = ({ modifiedMs }: Stored): boolean => modifiedMs < before;
  const goes = ([digest, one]: [string, Stored]): boolean => !roots.has(digest) && isOld(one);
  const going = [...manifests].filter(goes);
  const staying = [...manifests].filter((one) => !goes(one));
  const needed = new Set(staying.flatMap(([, { files }]) => files ?? []));
  const unreadable = staying.filter(([, { files }]) => files === null).map(([digest]) => digest);
  const loose =
    unreadable.length > 0
      ? []
      : [...blobs].filter(([digest, one]) => !needed.has(digest) && isOld(one));
  return {
    manifests: going.map(([digest]) => digest),
    blobs: loose.map(([digest]) => digest),
    bytes: [...going, ...loose].reduce((sum, [, { bytes }]) => sum + bytes, 0),
    unreadable,
  };
}
