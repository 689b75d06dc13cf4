import { randomUUID } from 'node:crypto';
import { UnfitStoreError } from './errors.js';
import type { ObjectStore } from './object-store.js';
import { codeOf, statusOf } from './s3-client.js';

/** What a store says that does not know the header of a conditional write. */
const UNKNOWN_HEADER = [400, 405, 501];
/** Also 400, and about something else. */
const OTHER_MISTAKES = ['AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'];

/**
 * Journals stand on conditional writes: of two writers of one key the second must be refused, and the
 * first one's bytes must stand. The journal needs nothing else, so If-Match is not asked for.
 */
export async function probe(store: ObjectStore): Promise<void> {
  const key = `probes/${randomUUID()}`;
  try {
    const first = await store.putIfAbsent(key, Buffer.from('first'));
    if (!first || (await textAt(store, key)) !== 'first') throw forgetful(store.location);
    const second = await store.putIfAbsent(key, Buffer.from('second'));
    if (second || (await textAt(store, key)) !== 'first') throw unconditional(store.location);
  } catch (error) {
    const unknown = UNKNOWN_HEADER.includes(statusOf(error));
    throw unknown && !OTHER_MISTAKES.includes(codeOf(error))
      ? unconditional(store.location)
      : error;
  } finally {
    await store.delete(key).catch(() => undefined);
  }
}

const textAt = async (store: ObjectStore, key: string): Promise<string> =>
  Buffer.from((await store.get(key)) ?? []).toString('utf8');

function forgetful(location: string): UnfitStoreError {
  return new UnfitStoreError(
    location,
    'what was written is not read back, so what answers is no S3 store. Correct store.endpoint.',
  );
}

function unconditional(location: string): UnfitStoreError {
  return new UnfitStoreError(
    location,
    'it has no conditional writes, so two hosts could overwrite each other. ' +
      'Use another store, or name the header that this one knows in store.putIfAbsent.',
  );
}
