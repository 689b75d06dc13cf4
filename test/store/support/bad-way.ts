import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { hashFile } from '../../../src/store/artifact-files.js';
import { createClient } from '../../../src/store/s3-client.js';
import { listUploads } from '../../../src/store/s3-multipart.js';
import { S3Store } from '../../../src/store/s3-store.js';
import {
  startFaultyProxy,
  type RequestFault,
  type FaultyProxy,
  type Seen,
} from '../../../src/drill/store-proxy.js';
import { KEYS, startSeaweed, type Seaweed } from './seaweed.js';
import { temporaryFolder } from './temporary-folder.js';

/** The smallest that S3 takes: three parts a file, the last one small. */
export const PART_BYTES = 5 * 1024 * 1024;
const SIZE = 2 * PART_BYTES + 12_345;

export const randomFile = async (name: string): Promise<string> => {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, randomBytes(SIZE));
  return path;
};

/** The fault meets the first request of its kind only. */
export function once(which: (seen: Seen) => boolean, fault: RequestFault) {
  let met = false;
  return (seen: Seen): RequestFault | undefined => {
    if (met || !which(seen)) return undefined;
    met = true;
    return fault;
  };
}

/** A busy machine is slow, and so only what waits for silence is impatient. */
export const idleFor = ({ kind }: RequestFault): number => (kind === 'hang' ? 3000 : 30_000);

export interface WorldOptions {
  readonly attempts?: number;
  readonly checksum?: 'md5' | 'sha256';
  readonly idleMs?: number;
  readonly partsAtOnce?: number;
}

/** A real server and a proxy before it for the tests of a `describe`, and one large file a test. */
export class BadWay {
  #server!: Seaweed;
  proxy!: FaultyProxy;
  big = '';
  #sum = '';

  constructor() {
    beforeAll(async () => {
      this.#server = await startSeaweed({ keys: true });
      this.proxy = await startFaultyProxy(this.#server.endpoint);
    });
    beforeEach(async () => {
      this.heal();
      this.big = await randomFile('big.safetensors');
      this.#sum = await hashFile(this.big);
    });
    afterAll(async () => {
      await this.proxy.close();
      await this.#server.stop();
    });
  }

  /** From here on the way is good, and nothing has been seen. */
  heal(): void {
    this.proxy.rule = () => undefined;
    this.proxy.seen.length = 0;
    this.proxy.mostAtOnce = 0;
  }

  /** Two views of one prefix: through the proxy, and straight. */
  world({ attempts = 8, checksum = 'md5', idleMs = 30_000, partsAtOnce = 4 }: WorldOptions = {}) {
    const prefix = `faults/${randomUUID()}`;
    const bad = this.#server.config(prefix, { endpoint: this.proxy.endpoint, checksum });
    const client = createClient(bad, KEYS, { attempts, idleMs });
    const good = this.#server.config(prefix);
    const straight = createClient(good, KEYS);
    return {
      store: new S3Store(client, bad, { partBytes: PART_BYTES, partsAtOnce }),
      truth: new S3Store(straight, good),
      uploads: () => listUploads(straight, good.bucket, `${prefix}/`),
    };
  }

  async expectWhole(store: S3Store): Promise<void> {
    const back = join(await temporaryFolder(), 'back');
    await store.getFile('blobs/big', back);
    expect(await hashFile(back)).toBe(this.#sum);
    expect(await readdir(dirname(back))).toEqual(['back']);
  }
}
