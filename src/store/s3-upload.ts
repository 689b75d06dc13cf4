import { open, type FileHandle } from 'node:fs/promises';
import {
  CompleteMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import pMap from 'p-map';
import { checksumOf, isSamePart, type ChecksumKind, type ListedPart } from './s3-checksum.js';
import { statusOf } from './s3-client.js';
import { continueOrBegin, hasEnded, type ObjectAddress, type Upload } from './s3-multipart.js';
import { partsOf, type Part, type UploadLimits } from './s3-parts.js';

/** Two processes may send equal files; who finds its upload ended looks, and begins anew. */
const BEGINNINGS = 3;

interface Sending {
  readonly client: S3Client;
  readonly at: ObjectAddress;
  readonly file: FileHandle;
  readonly size: number;
  readonly checksum: ChecksumKind;
  readonly limits: UploadLimits;
  readonly signal: AbortSignal | undefined;
}

/** The object appears whole or not at all; the client repeats each request that fails on the way. */
export async function uploadFile(
  client: S3Client,
  at: ObjectAddress,
  path: string,
  { checksum, limits, signal }: Pick<Sending, 'checksum' | 'limits' | 'signal'>,
): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const sending = { client, at, file, size, checksum, limits, signal };
    await (size > limits.partBytes ? uploadParts(sending) : putWhole(sending));
  } finally {
    await file.close();
  }
}

async function putWhole(sending: Sending): Promise<void> {
  const { client, at, file, size, checksum } = sending;
  const Body = await readPart(file, { number: 1, start: 0, length: size });
  const command = new PutObjectCommand({ ...at, Body, ...checksumOf(checksum, Body) });
  await client.send(command, optionsOf(sending));
}

const optionsOf = ({ signal }: Sending) => (signal === undefined ? {} : { abortSignal: signal });

/** A broken upload is left as it is: the next one of this key goes on with its parts. */
async function uploadParts(sending: Sending): Promise<void> {
  const { client, at, size, checksum } = sending;
  for (let beginning = 1; ; beginning += 1) {
    const { upload, there } = await continueOrBegin(client, at, checksum);
    try {
      const Parts = await sendParts(sending, upload, there);
      await client.send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }),
      );
    } catch (error) {
      if (!hasEnded(error)) throw error;
      if ((await sizeOf(client, at)) === size) return;
      if (beginning === BEGINNINGS) throw error;
      continue;
    }
    const stored = await sizeOf(client, at);
    if (stored === size) return;
    throw new Error(`${at.Key} has ${stored} bytes in the store instead of ${size}`);
  }
}

/** After a failure too, what is under way arrives first: the next upload of the key need not send it. */
async function sendParts(
  sending: Sending,
  upload: Upload,
  there: ReadonlyMap<number, ListedPart>,
): Promise<CompletedPart[]> {
  const { size, limits, signal } = sending;
  const underWay: Promise<CompletedPart>[] = [];
  const send = (part: Part): Promise<CompletedPart> => {
    const sent = sendPart(sending, upload, part, there);
    underWay.push(sent);
    return sent;
  };
  try {
    const parts = partsOf(size, limits.partBytes);
    const { partsAtOnce: concurrency } = limits;
    return await pMap(
      parts,
      send,
      signal === undefined ? { concurrency } : { concurrency, signal },
    );
  } finally {
    await Promise.allSettled(underWay);
  }
}

async function sendPart(
  sending: Sending,
  upload: Upload,
  part: Part,
  there: ReadonlyMap<number, ListedPart>,
): Promise<CompletedPart> {
  const { client, file, checksum } = sending;
  const Body = await readPart(file, part);
  const sent = checksumOf(checksum, Body);
  const { ContentMD5: _, ...named } = sent;
  const PartNumber = part.number;
  const known = there.get(PartNumber);
  if (known && isSamePart(known, Body, sent)) return { PartNumber, ETag: known.etag, ...named };
  const command = new UploadPartCommand({ ...upload, PartNumber, Body, ...sent });
  const { ETag } = await client.send(command, optionsOf(sending));
  return { PartNumber, ...named, ...(ETag === undefined ? {} : { ETag }) };
}

async function readPart(file: FileHandle, { start, length }: Part): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length;) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) throw new Error('the file has become shorter while it was sent');
    filled += bytesRead;
  }
  return bytes;
}

async function sizeOf(client: S3Client, at: ObjectAddress): Promise<number | null> {
  try {
    return (await client.send(new HeadObjectCommand({ ...at }))).ContentLength ?? null;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}
