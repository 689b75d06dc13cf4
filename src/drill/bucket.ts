import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { type SeaweedOptions, startSeaweedProcess } from '../processes/seaweed.js';
import type { StoreCredentials } from '../store/open-store.js';
import { createClient } from '../store/s3-client.js';
import type { S3Config } from '../store/s3-traits.js';

export const BUCKET = 'dream-sft';
/** Of a server that only this machine sees, and that ends with the drill: no secret. */
export const BUCKET_KEYS: StoreCredentials = {
  accessKeyId: 'dream',
  secretAccessKey: 'very-secret',
};
/** What a worker needs to use it. */
export const bucketEnvironment: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: BUCKET_KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: BUCKET_KEYS.secretAccessKey,
};

const ATTEMPTS = 120;
const BETWEEN_MS = 250;
/** A port that was free may be another program's a moment later; then others are tried. */
const STARTS = 3;

export interface Bucket {
  readonly endpoint: string;
  /** Of the bucket that is there. */
  config(prefix: string, changes?: Partial<S3Config>): S3Config;
  stop(): Promise<void>;
}

/** A real S3 server, ready, with an empty bucket. */
export async function startBucket(options: SeaweedOptions): Promise<Bucket> {
  for (let start = 1; ; start += 1) {
    const server = await startSeaweedProcess(options);
    const { endpoint } = server;
    const config: Bucket['config'] = (prefix, changes) => configOf(endpoint, prefix, changes);
    try {
      await createBucket(config(''), server.ended);
      return { endpoint, config, stop: () => server.stop() };
    } catch (error) {
      await server.stop();
      if (start === STARTS) throw error;
    }
  }
}

const configOf = (endpoint: string, prefix: string, changes: Partial<S3Config> = {}): S3Config => ({
  kind: 's3',
  bucket: BUCKET,
  prefix,
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  ...changes,
});

/** Asks until the server takes the bucket: it says nothing when it is ready. */
async function createBucket(config: S3Config, ended: () => boolean): Promise<void> {
  const client = createClient(config, BUCKET_KEYS, { attempts: 1 });
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: config.bucket }));
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || ended()) throw error;
      await sleep(BETWEEN_MS);
    }
  }
}
