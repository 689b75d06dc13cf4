import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  paginateListParts,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ChecksumKind, ListedPart } from './s3-checksum.js';
import { codeOf, statusOf } from './s3-client.js';

export interface ObjectAddress {
  readonly Bucket: string;
  readonly Key: string;
}

export interface Upload extends ObjectAddress {
  readonly UploadId: string;
}

/** Listing uploads needs a right of its own, and some services have no such request. */
const CANNOT_LIST = [400, 403, 404, 405, 501];

/** The newest unfinished upload of this very key with the parts it has, or a new one. */
export async function continueOrBegin(
  client: S3Client,
  at: ObjectAddress,
  checksum: ChecksumKind,
): Promise<{ upload: Upload; there: ReadonlyMap<number, ListedPart> }> {
  const found = await newestUpload(client, at);
  const there = found === null ? null : await listedParts(client, found);
  if (found !== null && there !== null) return { upload: found, there };
  const algorithm = checksum === 'sha256' ? { ChecksumAlgorithm: 'SHA256' as const } : {};
  const begun = await client.send(new CreateMultipartUploadCommand({ ...at, ...algorithm }));
  if (begun.UploadId === undefined) throw new Error(`${at.Key}: the store named no upload`);
  return { upload: { ...at, UploadId: begun.UploadId }, there: new Map() };
}

async function newestUpload(client: S3Client, at: ObjectAddress): Promise<Upload | null> {
  try {
    const all = await listUploads(client, at.Bucket, at.Key);
    const [newest] = all
      .filter(({ Key }) => Key === at.Key)
      .sort((a, b) => initiated(b) - initiated(a));
    return newest?.UploadId === undefined ? null : { ...at, UploadId: newest.UploadId };
  } catch (error) {
    if (CANNOT_LIST.includes(statusOf(error))) return null;
    throw error;
  }
}

/** null when the upload has ended meanwhile. */
async function listedParts(
  client: S3Client,
  upload: Upload,
): Promise<ReadonlyMap<number, ListedPart> | null> {
  const there = new Map<number, ListedPart>();
  try {
    for await (const { Parts = [] } of paginateListParts({ client }, { ...upload })) {
      for (const { PartNumber = 0, Size: size = 0, ETag: etag = '', ChecksumSHA256 } of Parts) {
        there.set(PartNumber, { size, etag, sha256: ChecksumSHA256 });
      }
    }
    return there;
  } catch (error) {
    if (hasEnded(error)) return null;
    throw error;
  }
}

/** Somebody else has completed or aborted it. */
export const hasEnded = (error: unknown): boolean =>
  codeOf(error) === 'NoSuchUpload' || statusOf(error) === 404;

/**
 * Ends uploads below the prefix that began before `before`; parts of an upload that nobody ends are
 * paid for. Returns their keys; where uploads cannot be listed, none.
 */
export async function abortStaleUploads(
  client: S3Client,
  bucket: string,
  prefix: string,
  before: number,
): Promise<string[]> {
  const stale = (await listUploads(client, bucket, prefix)).filter(
    (one) => initiated(one) < before,
  );
  const ended: string[] = [];
  for (const { Key, UploadId } of stale) {
    if (Key === undefined || UploadId === undefined) continue;
    await client
      .send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
      .catch((error: unknown) => {
        if (!hasEnded(error)) throw error;
      });
    ended.push(Key);
  }
  return ended;
}

export async function listUploads(
  client: S3Client,
  Bucket: string,
  Prefix: string,
): Promise<MultipartUpload[]> {
  const found: MultipartUpload[] = [];
  for (let marker = {}; ;) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix, ...marker }));
    found.push(...(page.Uploads ?? []));
    if (!page.IsTruncated || page.NextKeyMarker === undefined) return found;
    marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}

const initiated = ({ Initiated }: MultipartUpload): number => Initiated?.getTime() ?? Infinity;
