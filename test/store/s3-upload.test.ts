import { describe, expect, it } from 'vitest';
import { BadWay, idleFor, once, PART_BYTES, randomFile } from './support/bad-way.js';
import type { RequestFault, Seen } from '../../src/drill/store-proxy.js';
import { hasSeaweed, whySkipped } from './support/seaweed.js';

const isPart = ({ method, query }: Seen): boolean => method === 'PUT' && query.has('partNumber');
const isBegin = ({ method, query }: Seen): boolean => method === 'POST' && query.has('uploads');
const isComplete = ({ method, query }: Seen): boolean => method === 'POST' && query.has('uploadId');
const isListing = ({ method, query }: Seen): boolean => method === 'GET' && query.has('uploads');

const FAULTS: readonly (readonly [string, (seen: Seen) => boolean, RequestFault])[] = [
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

describe.skipIf(!hasSeaweed)(`uploads when the way to the store is bad${whySkipped}`, () => {
  const way = new BadWay();

  it.each(['md5', 'sha256'] as const)('parts carry their %s, and all arrive', async (checksum) => {
    const { store, truth, uploads } = way.world({ checksum });
    await store.putFile('blobs/big', way.big);
    const parts = way.proxy.seen.filter(isPart);
    const numbers = parts.map(({ query }) => Number(query.get('partNumber')));
    expect(numbers.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    const header = checksum === 'md5' ? 'content-md5' : 'x-amz-checksum-sha256';
    for (const { headers } of parts) expect(headers[header]).toMatch(/^[A-Za-z0-9+/]+=+$/);
    await way.expectWhole(truth);
    expect(await uploads()).toEqual([]);
  });

  it('has no more parts under way than it may hold in memory', async () => {
    const { store, truth } = way.world({ partsAtOnce: 2 });
    await store.putFile('blobs/big', way.big);
    expect(way.proxy.mostAtOnce).toBe(2);
    await way.expectWhole(truth);
  });

  it.each(FAULTS)('puts a file whole although %s', async (_, which, fault) => {
    const { store, truth, uploads } = way.world({ idleMs: idleFor(fault) });
    way.proxy.rule = once(which, fault);
    await store.putFile('blobs/big', way.big);
    await way.expectWhole(truth);
    expect(await uploads()).toEqual([]);
  });

  it.each(['md5', 'sha256'] as const)('a bit that changed is refused (%s)', async (checksum) => {
    const { store, truth } = way.world({ attempts: 1, checksum });
    way.proxy.rule = (seen) => (isPart(seen) ? { kind: 'flip' } : undefined);
    await expect(store.putFile('blobs/big', way.big)).rejects.toThrow();
    expect(await truth.has('blobs/big')).toBe(false);
    way.proxy.rule = (seen) => (seen.method === 'PUT' ? { kind: 'flip' } : undefined);
    await expect(store.put('hosts/h.json', Buffer.from('{"a":1}'))).rejects.toThrow();
    expect(await truth.has('hosts/h.json')).toBe(false);
  });

  it.each(['md5', 'sha256'] as const)('goes on with a broken upload (%s)', async (checksum) => {
    const { store, truth, uploads } = way.world({ attempts: 1, checksum });
    // The first two parts arrive; then the store is away.
    way.proxy.rule = (seen) =>
      isPart(seen) && seen.query.get('partNumber') === '3'
        ? { kind: 'status', status: 503 }
        : undefined;
    await expect(store.putFile('blobs/big', way.big)).rejects.toThrow();
    expect(await truth.has('blobs/big')).toBe(false);
    const [broken] = await uploads();
    way.heal();
    // As another process would: what it knows it knows from the store.
    await store.putFile('blobs/big', way.big);
    const parts = way.proxy.seen.filter(isPart);
    const told = parts.map(({ query }) => [query.get('partNumber'), query.get('uploadId')]);
    expect(told).toEqual([['3', broken?.UploadId]]);
    expect(way.proxy.seen.filter(isBegin)).toEqual([]);
    await way.expectWhole(truth);
    expect(await uploads()).toEqual([]);
  });

  it('sends again what another file left in a broken upload of the key', async () => {
    const { store, truth } = way.world({ attempts: 1 });
    way.proxy.rule = (seen) => (isComplete(seen) ? { kind: 'status', status: 503 } : undefined);
    const other = await randomFile('other.safetensors');
    await expect(store.putFile('blobs/big', other)).rejects.toThrow();
    way.heal();
    await store.putFile('blobs/big', way.big);
    expect(way.proxy.seen.filter(isPart)).toHaveLength(3);
    await way.expectWhole(truth);
  });

  it.each([403, 501])('begins anew when listing uploads is answered %i', async (status) => {
    const { store, truth } = way.world();
    way.proxy.rule = (seen) => (isListing(seen) ? { kind: 'status', status } : undefined);
    await store.putFile('blobs/big', way.big);
    await way.expectWhole(truth);
  });

  it('begins anew when somebody has ended the upload', async () => {
    const { store, truth } = way.world();
    way.proxy.rule = once(isComplete, { kind: 'status', status: 404 });
    await store.putFile('blobs/big', way.big);
    expect(way.proxy.seen.filter(isComplete)).toHaveLength(2);
    await way.expectWhole(truth);
  });

  it('ends stale uploads, and leaves young ones', async () => {
    const { store, truth, uploads } = way.world({ attempts: 1 });
    way.proxy.rule = (seen) => (isPart(seen) ? { kind: 'status', status: 503 } : undefined);
    await expect(store.putFile('blobs/big', way.big)).rejects.toThrow();
    expect(await truth.abortStaleUploads(Date.now() - 3_600_000)).toEqual([]);
    expect(await uploads()).toHaveLength(1);
    const keys = await truth.abortStaleUploads(Date.now() + 3_600_000);
    expect(keys.map((key) => key.split('/').slice(-2).join('/'))).toEqual(['blobs/big']);
    expect(await uploads()).toEqual([]);
  });
});
