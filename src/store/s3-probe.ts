import { randomUUID } from 'node:crypto';
import { UnfitStoreError } from './errors.js';
import type { ObjectStore } from './object-store.js';
import { statusOf } from './s3-client.js';

const UNSUPPORTED = [400, 405, 501];

/** Journals stand on conditional writes; a store that ignores the condition would lose entries. */
export async function probe(store: ObjectStore): Promise<void> {
  const key = `probes/${randomUUID()}`;
  try {
    const first = await store.putIfAbsent(key, Buffer.from('first'));
    const second = await store.putIfAbsent(key, Buffer.from('second'));
    if (!first || second) throw unconditional(store.location);
  } catch (error) {
    throw explain(error, store.location);
  } finally {
    await store.delete(key).catch(() => undefined);
  }
}

function unconditional(location: string): UnfitStoreError {
  const reason = 'it has no conditional writes (If-None-Match: *), so two hosts could overwrite';
  return new UnfitStoreError(location, `${reason} each other. Use another store.`);
}

function explain(error: unknown, location: string): Error {
  if (error instanceof UnfitStoreError) return error;
  const status = statusOf(error);
  if (UNSUPPORTED.includes(status)) return unconditional(location);
  if (status === 404) return new UnfitStoreError(location, 'there is no such bucket. Create it.');
  if (status === 401 || status === 403) {
    return new UnfitStoreError(
      location,
      'access denied, or no such bucket. Check bucket name, credentials and their rights.',
    );
  }
  const message = error instanceof Error ? error.message || error.name : String(error);
  return new UnfitStoreError(location, `${message}. Check endpoint, region and credentials.`);
}
