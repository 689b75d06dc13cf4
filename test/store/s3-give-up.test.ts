import { randomBytes, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hashFile } from '../../src/store/artifact-files.js';
import { createClient } from '../../src/store/s3-client.js';
import { S3Store } from '../../src/store/s3-store.js';
import { until } from '../support/until.js';
import { startFaultyProxy } from '../../src/drill/store-proxy.js';
import { hasSeaweed, KEYS, startSeaweed, whySkipped, type Seaweed } from './support/seaweed.js';
import { temporaryFolder } from './support/temporary-folder.js';

/** The smallest part that S3 takes. */
const PART_BYTES = 5 * 1024 * 1024;

describe.skipIf(!hasSeaweed)(`S3 store: an upload that is given up${whySkipped}`, () => {
  let server: Seaweed;
  beforeAll(async () => {
    server = await startSeaweed({ keys: true });
  });
  afterAll(() => server.stop());

  it.each([
    ['in one piece', 1000],
    ['in parts', 2 * PART_BYTES + 12_345],
  ])('%s ends although the store is silent, and can be done again', async (_, size) => {
    const proxy = await startFaultyProxy(server.endpoint);
    onTestFinished(() => proxy.close());
    const path = join(await temporaryFolder(), 'big.safetensors');
    await writeFile(path, randomBytes(size));
    const config = server.config(`give-up/${randomUUID()}`, { endpoint: proxy.endpoint });
    const client = createClient(config, KEYS);
    const store = new S3Store(client, config, { partBytes: PART_BYTES, partsAtOnce: 2 });
    proxy.rule = ({ method }) => (method === 'PUT' ? { kind: 'hang' } : undefined);
    const giveUp = new AbortController();
    const given = store.putFile('blobs/big', path, giveUp.signal).catch((error: unknown) => error);
    await until('a silent store', () => proxy.seen.some(({ method }) => method === 'PUT'));
    giveUp.abort();
    expect(await given).toMatchObject({ name: 'AbortError' });
    expect(await store.has('blobs/big')).toBe(false);

    proxy.rule = () => undefined;
    await store.putFile('blobs/big', path);
    const back = join(await temporaryFolder(), 'back');
    await store.getFile('blobs/big', back);
    expect(await hashFile(back)).toBe(await hashFile(path));
  });
});
