import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { MissingObjectError } from './errors.js';
import { makeFolder, syncPath } from './local-files.js';
import { keyParts, type ObjectStore, type StoredObject } from './object-store.js';
import { checksumOf, type ChecksumKind } from './s3-checksum.js';
import { statusOf } from './s3-client.js';
import { conditionalPut, isTaken, isUndecided } from './s3-condition.js';
import { download } from './s3-download.js';
import { abortStaleUploads, type ObjectAddress } from './s3-multipart.js';
import { UPLOAD_LIMITS, type UploadLimits } from './s3-parts.js';
import { traitsOf, type S3Config, type S3Traits } from './s3-traits.js';
import { uploadFile } from './s3-upload.js';

const MISSING = 404;
const UNDECIDED_ATTEMPTS = 20;

/** A store in a bucket of S3 or of something that speaks it. Promises: object-store.ts. */
export class S3Store implements ObjectStore {
  readonly kind = 's3';
  readonly location: string;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #checksum: ChecksumKind;
  readonly #traits: S3Traits;

  constructor(
    private readonly client: S3Client,
    config: S3Config,
    private readonly limits: UploadLimits = UPLOAD_LIMITS,
  ) {
    const { bucket, prefix, checksum = 'md5' } = config;
    const trimmed = prefix.replace(/^\/+|\/+$/g, '');
    this.#bucket = bucket;
    this.#prefix = trimmed === '' ? '' : `${trimmed}/`;
    this.#checksum = checksum;
    this.#traits = traitsOf(config);
    this.location = `s3://${bucket}/${trimmed}`;
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    // The SDK repeats a request whose answer was lost, and then meets its own object.
    const writer = randomUUID();
    const object = { ...this.#body(key, bytes), Metadata: { writer } };
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.client.send(conditionalPut(this.#traits.putIfAbsent, object));
        return true;
      } catch (error) {
        if (isTaken(error)) return (await this.#head(key))?.['writer'] === writer;
        if (!isUndecided(error) || attempt === UNDECIDED_ATTEMPTS) throw error;
      }
    }
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.client.send(new PutObjectCommand(this.#body(key, bytes)));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const chunks: Uint8Array[] = [];
    const found = await download(this.client, this.#at(key), (chunk) => void chunks.push(chunk));
    return found ? Buffer.concat(chunks) : undefined;
  }

  async putFile(key: string, path: string, signal?: AbortSignal): Promise<void> {
    const how = { checksum: this.#checksum, limits: this.limits, signal };
    await uploadFile(this.client, this.#at(key), path, how);
  }

  async getFile(key: string, path: string): Promise<void> {
    await makeFolder(dirname(path));
    const partial = `${path}.${randomUUID()}.partial`;
    try {
      if (!(await this.#receive(key, partial))) throw new MissingObjectError(key, this.location);
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
    return (await this.describe(prefix)).map(({ key }) => key);
  }

  async describe(prefix: string): Promise<StoredObject[]> {
    const where = { Bucket: this.#bucket, Prefix: `${this.#prefix}${prefix}` };
    const found: StoredObject[] = [];
    for await (const page of paginateListObjectsV2({ client: this.client }, where)) {
      for (const { Key, Size: bytes = 0, LastModified } of page.Contents ?? []) {
        if (Key === undefined) continue;
        const key = Key.slice(this.#prefix.length);
        found.push({ key, bytes, modifiedMs: LastModified?.getTime() ?? Date.now() });
      }
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async delete(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand(this.#at(key)));
  }

  abortStaleUploads(beforeMs: number): Promise<string[]> {
    return abortStaleUploads(this.client, this.#bucket, this.#prefix, beforeMs);
  }

  async #receive(key: string, path: string): Promise<boolean> {
    const file = await open(path, 'wx');
    try {
      const found = await download(this.client, this.#at(key), async (chunk) => {
        await file.writeFile(chunk);
      });
      if (found) await file.sync();
      return found;
    } finally {
      await file.close();
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

  #body(key: string, bytes: Uint8Array) {
    return { ...this.#at(key), Body: bytes, ...checksumOf(this.#checksum, bytes) };
  }

  #at(key: string): ObjectAddress {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${keyParts(key).join('/')}` };
  }
}
