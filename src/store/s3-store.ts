import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { MissingObjectError } from './errors.js';
import { makeFolder, syncPath } from './local-files.js';
import { keyParts, type ObjectStore } from './object-store.js';
import type { StoreCredentials } from './open-store.js';
import { createClient, statusOf, type S3Config } from './s3-client.js';
import { probe } from './s3-probe.js';
import { MULTIPART_BYTES, uploadParts } from './s3-upload.js';

const TAKEN = 412;
/** Two conditional writes met; the store decided neither, so ask again. */
const CONFLICT = 409;
const MISSING = 404;
const CONFLICT_ATTEMPTS = 20;

/** Opens and probes: a bucket that cannot keep the promises is refused by name. */
export async function openS3Store(
  config: S3Config,
  credentials?: StoreCredentials,
): Promise<ObjectStore> {
  const store = new S3Store(createClient(config, credentials), config.bucket, config.prefix);
  await probe(store);
  return store;
}

/** A store in a bucket of S3 or of something that speaks it. Promises: object-store.ts. */
export class S3Store implements ObjectStore {
  readonly kind = 's3';
  readonly location: string;
  readonly #prefix: string;

  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
    prefix: string,
  ) {
    const trimmed = prefix.replace(/^\/+|\/+$/g, '');
    this.#prefix = trimmed === '' ? '' : `${trimmed}/`;
    this.location = `s3://${bucket}/${trimmed}`;
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    // The SDK repeats a request whose answer was lost, and then meets its own object.
    const writer = randomUUID();
    for (let attempt = 1; ; attempt += 1) {
      try {
        const condition = { IfNoneMatch: '*', Metadata: { writer } };
        await this.client.send(
          new PutObjectCommand({ ...this.#at(key), Body: bytes, ...condition }),
        );
        return true;
      } catch (error) {
        const status = statusOf(error);
        if (status === TAKEN) return (await this.#writerOf(key)) === writer;
        if (status !== CONFLICT || attempt === CONFLICT_ATTEMPTS) throw error;
      }
    }
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.client.send(new PutObjectCommand({ ...this.#at(key), Body: bytes }));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const body = await this.#body(key);
    if (body === undefined) return undefined;
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  async putFile(key: string, path: string): Promise<void> {
    const { size } = await stat(path);
    const at = this.#at(key);
    if (size > MULTIPART_BYTES) return uploadParts(this.client, at, path, size);
    const Body = createReadStream(path);
    await this.client.send(new PutObjectCommand({ ...at, Body, ContentLength: size }));
  }

  async getFile(key: string, path: string): Promise<void> {
    const body = await this.#body(key);
    if (body === undefined) throw new MissingObjectError(key, this.location);
    await makeFolder(dirname(path));
    const partial = `${path}.${randomUUID()}.partial`;
    try {
      await pipeline(body, createWriteStream(partial, { flags: 'wx' }));
      await syncPath(partial);
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    await syncPath(dirname(path));
  }

  async has(key: string): Promise<boolean> {
    return (await this.#head(key)) !== undefined;
  }

  async list(prefix: string): Promise<string[]> {
    const where = { Bucket: this.bucket, Prefix: `${this.#prefix}${prefix}` };
    const keys: string[] = [];
    for await (const page of paginateListObjectsV2({ client: this.client }, where)) {
      for (const { Key } of page.Contents ?? []) {
        if (Key !== undefined) keys.push(Key.slice(this.#prefix.length));
      }
    }
    return keys.sort();
  }

  async delete(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand(this.#at(key)));
  }

  async #body(key: string): Promise<Readable | undefined> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand(this.#at(key)));
      return Body instanceof Readable ? Body : Readable.from([]);
    } catch (error) {
      if (statusOf(error) === MISSING) return undefined;
      throw error;
    }
  }

  async #head(key: string): Promise<Record<string, string> | undefined> {
    try {
      const { Metadata } = await this.client.send(new HeadObjectCommand(this.#at(key)));
      return Metadata ?? {};
    } catch (error) {
      if (statusOf(error) === MISSING) return undefined;
      throw error;
    }
  }

  async #writerOf(key: string): Promise<string | undefined> {
    return (await this.#head(key))?.['writer'];
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucket, Key: `${this.#prefix}${keyParts(key).join('/')}` };
  }
}
