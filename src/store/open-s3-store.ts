import type { ObjectStore } from './object-store.js';
import type { StoreCredentials } from './open-store.js';
import { createClient } from './s3-client.js';
import { probe } from './s3-probe.js';
import { S3Store } from './s3-store.js';
import { explained } from './s3-trouble.js';
import type { S3Config } from './s3-traits.js';

/** An upload of one file takes hours at most; whoever has not ended it by then is gone. */
const STALE_AFTER_MS = 3 * 86_400_000;

/** Opens and probes: a bucket that cannot keep the promises is refused by name. */
export async function openS3Store(
  config: S3Config,
  credentials?: StoreCredentials,
): Promise<ObjectStore> {
  const store = new S3Store(createClient(config, credentials), config);
  try {
    await probe(store);
  } catch (error) {
    throw explained(error, store.location, config);
  }
  // A courtesy to the bill: listing uploads needs a right that not every key has.
  await store.abortStaleUploads(Date.now() - STALE_AFTER_MS).catch(() => []);
  return store;
}
