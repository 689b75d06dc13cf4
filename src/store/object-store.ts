import { InvalidKeyError } from './errors.js';

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** By the store's clock; of a put again, the last. */
  readonly modifiedMs: number;
}

/**
 * Bytes under keys. The promises that everything else in src/store stands on:
 * 1. `putIfAbsent` has exactly one winner per key, however many processes try; false = taken.
 * 2. A key shows all of its bytes or nothing, at every moment, also after a crash.
 * 3. What a resolved write wrote is durable and seen by every later read and list.
 */
export interface ObjectStore {
  readonly kind: 'local' | 's3';
  /** For people: a folder or `s3://bucket/prefix`. */
  readonly location: string;
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  /** Aborted: as soon as may be, and what has arrived is left as after any failure. */
  putFile(key: string, path: string, signal?: AbortSignal): Promise<void>;
  /** Writes the file whole or not at all; throws MissingObjectError. */
  getFile(key: string, path: string): Promise<void>;
  has(key: string): Promise<boolean>;
  /** Every key that begins with `prefix`, sorted. */
  list(prefix: string): Promise<string[]>;
  /** The same with sizes and ages. */
  describe(prefix: string): Promise<StoredObject[]>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** Ends uploads that began before and that nobody ended; returns what they were to become. */
  abortStaleUploads(beforeMs: number): Promise<string[]>;
}

const PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

export function keyParts(key: string): string[] {
  const parts = key.split('/');
  if (!parts.every((part) => PART.test(part))) throw new InvalidKeyError(key);
  return parts;
}
