import { Readable } from 'node:stream';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import pRetry, { AbortError } from 'p-retry';
import { statusOf } from './s3-client.js';
import type { ObjectAddress } from './s3-multipart.js';

/** Tries after one that brought nothing new; the waits are random, up to 0.1, 0.2 … 1.6 s. */
const TRIES = { retries: 5, minTimeout: 50, factor: 2, randomize: true };

type Write = (chunk: Uint8Array) => Promise<void> | void;

interface Progress {
  received: number;
  /** Of the bytes that were begun with. */
  etag?: string | undefined;
}

/**
 * Gives all bytes of the object to `write`, in order and once each; a body that breaks is asked for
 * again from where it broke. False: there is no such object. What `write` throws is not tried again.
 */
export async function download(
  client: S3Client,
  at: ObjectAddress,
  write: Write,
): Promise<boolean> {
  const progress: Progress = { received: 0 };
  let before = 0;
  return pRetry(() => receive(client, at, progress, write), {
    ...TRIES,
    shouldConsumeRetry: () => {
      const moved = progress.received > before;
      before = progress.received;
      return !moved;
    },
    // The client itself has tried these again already.
    shouldRetry: ({ error }) => statusOf(error) === 0,
  });
}

async function receive(
  client: S3Client,
  at: ObjectAddress,
  progress: Progress,
  write: Write,
): Promise<boolean> {
  const from = progress.received;
  const body = await openBody(client, at, progress);
  if (body === null) return false;
  for await (const chunk of body.bytes) {
    try {
      await write(chunk);
    } catch (error) {
      throw new AbortError(error instanceof Error ? error : String(error));
    }
    progress.received += chunk.length;
  }
  const got = progress.received - from;
  if (body.size === undefined || got >= body.size) return true;
  throw new Error(`${at.Key} broke off after ${progress.received} bytes`);
}

/** Never the end of other bytes than those that were begun with. */
async function openBody(client: S3Client, at: ObjectAddress, progress: Progress) {
  const { received, etag } = progress;
  const rest = received === 0 ? {} : { Range: `bytes=${received}-`, IfMatch: etag };
  try {
    const { Body, ETag, ContentLength } = await client.send(
      new GetObjectCommand({ ...at, ...rest }),
    );
    progress.etag = ETag;
    const bytes: AsyncIterable<Uint8Array> = Body instanceof Readable ? Body : Readable.from([]);
    return { bytes, size: ContentLength };
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}
