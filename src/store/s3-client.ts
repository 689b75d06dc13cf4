import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { StoreConfig } from '../contracts/store.js';
import type { StoreCredentials } from './open-store.js';

export type S3Config = Extract<StoreConfig, { kind: 's3' }>;

export function createClient(config: S3Config, credentials?: StoreCredentials): S3Client {
  return new S3Client({
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // Newer default checksums are refused by several S3-compatible stores; sha256 is checked by us.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** HTTP status of a refusal by the store; 0 when the error is none (no connection). */
export function statusOf(error: unknown): number {
  return error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0;
}
