import { createHash } from 'node:crypto';
import type { S3Config } from './s3-traits.js';

export type ChecksumKind = NonNullable<S3Config['checksum']>;

/** Parameters of a put or of a part's upload; the store refuses bytes that differ. */
export interface ChecksumParameters {
  readonly ContentMD5?: string;
  readonly ChecksumSHA256?: string;
}

export function checksumOf(kind: ChecksumKind, bytes: Uint8Array): ChecksumParameters {
  const digest = createHash(kind).update(bytes).digest('base64');
  return kind === 'md5' ? { ContentMD5: digest } : { ChecksumSHA256: digest };
}

/** What a listing of parts tells of one. */
export interface ListedPart {
  readonly size: number;
  readonly etag: string;
  readonly sha256?: string | undefined;
}

/** A part that lies there already: by the digest that was sent, or else by an ETag that is its MD5. */
export function isSamePart(part: ListedPart, bytes: Uint8Array, sent: ChecksumParameters): boolean {
  if (part.size !== bytes.length) return false;
  // Not every store tells the digests of parts, and of encrypted ones the ETag is no MD5: sent again.
  if (part.sha256 !== undefined) return part.sha256 === sent.ChecksumSHA256;
  return part.etag.replaceAll('"', '') === createHash('md5').update(bytes).digest('hex');
}
