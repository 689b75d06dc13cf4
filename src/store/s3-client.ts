import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { StoreCredentials } from './open-store.js';
import type { S3Config } from './s3-traits.js';

/** A store that says nothing for as long has gone; the request is tried again. */
const IDLE_MS = 30_000;
const CONNECT_MS = 10_000;
/** Waits between them are random up to 0.1, 0.2, 0.4 … s: on average 6 s of a store's trouble. */
const ATTEMPTS = 8;
/** Requests at once over all that a worker does in a bucket. */
const CONNECTIONS = 16;

export interface ClientTiming {
  readonly idleMs?: number;
  readonly attempts?: number;
}

export function createClient(
  config: S3Config,
  credentials?: StoreCredentials,
  { idleMs = IDLE_MS, attempts = ATTEMPTS }: ClientTiming = {},
): S3Client {
  return new S3Client({
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // Newer default checksums come as trailers, which several S3-compatible stores refuse.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: attempts,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: idleMs,
      httpAgent: { maxSockets: CONNECTIONS },
      httpsAgent: { maxSockets: CONNECTIONS },
    },
  });
}

/** HTTP status of a refusal by the store; 0 when the error is none (no connection). */
export function statusOf(error: unknown): number {
  return error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0;
}

/** What S3 calls the refusal, as NoSuchBucket. */
export function codeOf(error: unknown): string {
  return error instanceof S3ServiceException ? error.name : '';
}
