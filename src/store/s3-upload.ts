import { createReadStream } from 'node:fs';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';

/** S3 takes at most 5 GiB in one put and 10 000 parts an object. */
export const MULTIPART_BYTES = 64 * 1024 * 1024;
const MAXIMUM_PARTS = 10_000;

interface ObjectAddress {
  readonly Bucket: string;
  readonly Key: string;
}

/** One part after the other, streamed from disk; the object appears only when all are there. */
export async function uploadParts(
  client: S3Client,
  at: ObjectAddress,
  path: string,
  size: number,
): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at }));
  const upload = { ...at, UploadId };
  try {
    const Parts = await sendParts(client, upload, path, size);
    await client.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }),
    );
  } catch (error) {
    // Parts of an upload that nobody ends are paid for; the first error is the one that matters.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

async function sendParts(
  client: S3Client,
  upload: ObjectAddress & { readonly UploadId: string | undefined },
  path: string,
  size: number,
): Promise<CompletedPart[]> {
  const partBytes = Math.max(MULTIPART_BYTES, Math.ceil(size / MAXIMUM_PARTS));
  const parts: CompletedPart[] = [];
  for (let start = 0; start < size; start += partBytes) {
    const length = Math.min(partBytes, size - start);
    const PartNumber = parts.length + 1;
    const Body = createReadStream(path, { start, end: start + length - 1 });
    const part = { ...upload, PartNumber, Body, ContentLength: length };
    const { ETag } = await client.send(new UploadPartCommand(part));
    parts.push({ PartNumber, ...(ETag === undefined ? {} : { ETag }) });
  }
  return parts;
}
