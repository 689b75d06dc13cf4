import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashFile } from '../../src/store/artifact-files.js';
import { materialise, publishArtifact } from '../../src/store/artifacts.js';
import { createClient } from '../../src/store/s3-client.js';
import { listUploads } from '../../src/store/s3-multipart.js';
import { S3Store } from '../../src/store/s3-store.js';
import {
  startFaultyProxy,
  type Fault,
  type FaultyProxy,
  type Seen,
} from './support/faulty-proxy.js';
import { folderOf } from './support/examples.js';
import { hasSeaweed, KEYS, startSeaweed, whySkipped, type Seaweed } from './support/seaweed.js';
import { temporaryFolder } from './support/temporary-folder.js';

const isPart = ({ method, query }: Seen): boolean => method === 'PUT' && query.has('partNumber');
const isBegin = ({ method, query }: Seen): boolean => method === 'POST' && query.has('uploads');
const isComplete = ({ method, query }: Seen): boolean => method === 'POST' && query.has('uploadId');

/** The smallest that S3 takes: three parts a file, the last one small. */
const PART_BYTES = 5 * 1024 * 1024;
const SIZE = 2 * PART_BYTES + 12_345;

describe.skipIf(!hasSeaweed)(`S3 store when the way to it is bad${whySkipped}`, () => {
  let server: Seaweed;
  let proxy: FaultyProxy;
  let big: string;
  let sum: string;

  beforeAll(async () => {
    server = await startSeaweed({ keys: true });
    proxy = await startFaultyProxy(server.endpoint);
  });
  beforeEach(async () => {
    proxy.rule = () => undefined;
    proxy.seen.length = 0;
    big = join(await temporaryFolder(), 'big.safetensors');
    await writeFile(big, randomBytes(SIZE));
    sum = await hashFile(big);
  });
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  /** Two views of one prefix: through the proxy, and straight. */
  function world(attempts = 4, checksum: 'md5' | 'sha256' = 'md5', idleMs = 30_000) {
    const prefix = `faults/${randomUUID()}`;
    const bad = server.config(prefix, { endpoint: proxy.endpoint, checksum });
    const client = createClient(bad, KEYS, { attempts, idleMs });
    const good = server.config(prefix);
    const straight = createClient(good, KEYS);
    return {
      store: new S3Store(client, bad, { partBytes: PART_BYTES, partsAtOnce: 4 }),
      truth: new S3Store(straight, good),
      uploads: () => listUploads(straight, good.bucket, `${prefix}/`),
    };
  }

  /** A busy machine is slow, and so only what waits for silence is impatient. */
  const idleFor = ({ kind }: Fault): number => (kind === 'hang' ? 3000 : 30_000);

  /** The fault meets the first request of its kind only. */
  const once = (which: (seen: Seen) => boolean, fault: Fault) => {
    let met = false;
    return (seen: Seen): Fault | undefined => {
      if (met || !which(seen)) return undefined;
      met = true;
      return fault;
    };
  };

  async function expectWhole(store: S3Store): Promise<void> {
    const back = join(await temporaryFolder(), 'back');
    await store.getFile('blobs/big', back);
    expect(await hashFile(back)).toBe(sum);
    expect(await readdir(dirname(back))).toEqual(['back']);
  }

  it.each(['md5', 'sha256'] as const)(
    'sends parts with their %s, and all of them',
    async (kind) => {
      const { store, truth, uploads } = world(4, kind);
      await store.putFile('blobs/big', big);
      const parts = proxy.seen.filter(isPart);
      const numbers = parts.map(({ query }) => Number(query.get('partNumber')));
      expect(numbers.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
      const header = kind === 'md5' ? 'content-md5' : 'x-amz-checksum-sha256';
      for (const { headers } of parts) expect(headers[header]).toMatch(/^[A-Za-z0-9+/]+=+$/);
      await expectWhole(truth);
      expect(await uploads()).toEqual([]);
    },
  );

  it('has no more parts under way than it may hold in memory', async () => {
    const config = server.config(`faults/${randomUUID()}`, { endpoint: proxy.endpoint });
    const limits = { partBytes: PART_BYTES, partsAtOnce: 2 };
    const store = new S3Store(createClient(config, KEYS), config, limits);
    proxy.mostAtOnce = 0;
    await store.putFile('blobs/big', big);
    expect(proxy.mostAtOnce).toBe(2);
    await expectWhole(store);
  });

  const FAULTS: readonly (readonly [string, (seen: Seen) => boolean, Fault])[] = [
    ['a part is refused a connection', isPart, { kind: 'refuse' }],
    ['a part is cut half-way', isPart, { kind: 'cut', after: PART_BYTES / 2 }],
    ['a part is answered 500', isPart, { kind: 'status', status: 500 }],
    ['a part is answered 503', isPart, { kind: 'status', status: 503 }],
    ['a part is stored and its answer lost', isPart, { kind: 'lostAnswer', status: 500 }],
    ['a part is never answered', isPart, { kind: 'hang' }],
    ['the beginning is answered 503', isBegin, { kind: 'status', status: 503 }],
    ['the end is answered 500', isComplete, { kind: 'status', status: 500 }],
    ['the end is done and its answer lost', isComplete, { kind: 'lostAnswer', status: 500 }],
  ];

  it.each(FAULTS)('puts a file whole although %s', async (_, which, fault) => {
    const { store, truth, uploads } = world(4, 'md5', idleFor(fault));
    proxy.rule = once(which, fault);
    await store.putFile('blobs/big', big);
    await expectWhole(truth);
    expect(await uploads()).toEqual([]);
  });

  it.each(['md5', 'sha256'] as const)(
    'a bit that changed on the way is refused (%s)',
    async (kind) => {
      const { store, truth } = world(1, kind);
      proxy.rule = (seen) => (isPart(seen) ? { kind: 'flip' } : undefined);
      await expect(store.putFile('blobs/big', big)).rejects.toThrow();
      expect(await truth.has('blobs/big')).toBe(false);
      proxy.rule = (seen) => (seen.method === 'PUT' ? { kind: 'flip' } : undefined);
      await expect(store.put('hosts/h.json', Buffer.from('{"a":1}'))).rejects.toThrow();
      expect(await truth.has('hosts/h.json')).toBe(false);
    },
  );

  it.each(['md5', 'sha256'] as const)('goes on with a broken upload (%s)', async (kind) => {
    const { store, truth, uploads } = world(1, kind);
    // The first two parts arrive; then the store is away.
    proxy.rule = (seen) =>
      isPart(seen) && seen.query.get('partNumber') === '3'
        ? { kind: 'status', status: 503 }
        : undefined;
    await expect(store.putFile('blobs/big', big)).rejects.toThrow();
    expect(await truth.has('blobs/big')).toBe(false);
    const [broken] = await uploads();
    proxy.rule = () => undefined;
    proxy.seen.length = 0;
    // Another process on the way: what is known, it knows from the store.
    await store.putFile('blobs/big', big);
    const parts = proxy.seen.filter(isPart);
    const told = parts.map(({ query }) => [query.get('partNumber'), query.get('uploadId')]);
    expect(told).toEqual([['3', broken?.UploadId]]);
    expect(proxy.seen.filter(isBegin)).toEqual([]);
    await expectWhole(truth);
    expect(await uploads()).toEqual([]);
  });

  it('sends again what another file left in a broken upload of the key', async () => {
    const { store, truth } = world(1);
    const other = join(await temporaryFolder(), 'other.safetensors');
    await writeFile(other, randomBytes(SIZE));
    proxy.rule = (seen) => (isComplete(seen) ? { kind: 'status', status: 503 } : undefined);
    await expect(store.putFile('blobs/big', other)).rejects.toThrow();
    proxy.rule = () => undefined;
    proxy.seen.length = 0;
    await store.putFile('blobs/big', big);
    expect(proxy.seen.filter(isPart)).toHaveLength(3);
    await expectWhole(truth);
  });

  it('begins anew when uploads cannot be listed', async () => {
    const { store, truth } = world();
    const isList = ({ method, query }: Seen): boolean => method === 'GET' && query.has('uploads');
    proxy.rule = (seen) => (isList(seen) ? { kind: 'status', status: 403 } : undefined);
    await store.putFile('blobs/big', big);
    await expectWhole(truth);
  });

  it('begins anew when somebody has ended the upload', async () => {
    const { store, truth } = world();
    let ending: Promise<unknown> = Promise.resolve();
    proxy.rule = (seen) => {
      if (!isComplete(seen) || proxy.seen.filter(isComplete).length > 1) return undefined;
      ending = truth.abortStaleUploads(Number.MAX_SAFE_INTEGER);
      return { kind: 'status', status: 404 };
    };
    await store.putFile('blobs/big', big);
    await ending;
    expect(proxy.seen.filter(isBegin)).toHaveLength(2);
    await expectWhole(truth);
  });

  it('ends stale uploads, and leaves young ones', async () => {
    const { store, truth, uploads } = world(1);
    proxy.rule = (seen) => (isPart(seen) ? { kind: 'status', status: 503 } : undefined);
    await expect(store.putFile('blobs/big', big)).rejects.toThrow();
    expect(await truth.abortStaleUploads(Date.now() - 3_600_000)).toEqual([]);
    expect(await uploads()).toHaveLength(1);
    const keys = await truth.abortStaleUploads(Date.now() + 3_600_000);
    expect(keys.map((key) => key.split('/').slice(-2).join('/'))).toEqual(['blobs/big']);
    expect(await uploads()).toEqual([]);
  });

  it('goes on with a download from where it broke', async () => {
    const { store, truth } = world();
    await truth.putFile('blobs/big', big);
    let cuts = 0;
    proxy.rule = ({ method }) =>
      method === 'GET' && (cuts += 1) <= 3 ? { kind: 'cutAnswer', after: 3_000_000 } : undefined;
    await expectWhole(store);
    const asked = proxy.seen.map(({ headers }) => headers['range']);
    expect(asked[0]).toBeUndefined();
    const starts = asked.slice(1).map((range) => Number(/^bytes=(\d+)-$/.exec(String(range))?.[1]));
    expect(starts).toHaveLength(3);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(starts[0]).toBeGreaterThan(0);
    expect(starts.at(-1)).toBeLessThanOrEqual(9_000_000);
  });

  it('gives up a download that never moves, and leaves no file', async () => {
    const { store, truth } = world();
    await truth.put('blobs/small', Buffer.from('weights'));
    proxy.rule = ({ method }) => (method === 'GET' ? { kind: 'cutAnswer', after: 0 } : undefined);
    const folder = await temporaryFolder();
    await expect(store.getFile('blobs/small', join(folder, 'a'))).rejects.toThrow();
    expect(await readdir(folder)).toEqual([]);
    expect(proxy.seen).toHaveLength(6);
  });

  it('a file that comes damaged is fetched once more, and then refused with its name', async () => {
    const { store, truth } = world();
    const ref = await publishArtifact(truth, {
      folder: await folderOf({ 'a.txt': 'weights' }),
      kind: 'files',
    });
    const isBlob = ({ method, path }: Seen): boolean =>
      method === 'GET' && path.includes('/blobs/');
    proxy.rule = once(isBlob, { kind: 'flipAnswer' });
    const folder = await temporaryFolder();
    await materialise(store, ref, folder);
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('weights');
    proxy.rule = (seen) => (isBlob(seen) ? { kind: 'flipAnswer' } : undefined);
    const other = await temporaryFolder();
    await expect(materialise(store, ref, other)).rejects.toThrow('a.txt (sha256 differs)');
    expect(await readdir(other)).toEqual([]);
  });

  it.each([
    ['refused', { kind: 'refuse' }],
    ['answered 503', { kind: 'status', status: 503 }],
    ['done and its answer lost', { kind: 'lostAnswer', status: 500 }],
    ['never answered', { kind: 'hang' }],
  ] as const)('a journal entry is won once although its write is %s', async (_, fault) => {
    const { store, truth } = world(4, 'md5', idleFor(fault));
    proxy.rule = once(({ method }) => method === 'PUT', fault);
    expect(await store.putIfAbsent('chains/k/1.json', Buffer.from('mine'))).toBe(true);
    expect(await truth.putIfAbsent('chains/k/1.json', Buffer.from('theirs'))).toBe(false);
    expect(Buffer.from((await truth.get('chains/k/1.json')) ?? []).toString()).toBe('mine');
  });
});
