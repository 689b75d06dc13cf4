import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { materialise, publishArtifact } from '../../src/store/artifacts.js';
import { BadWay, idleFor, once } from './support/bad-way.js';
import { folderOf } from './support/examples.js';
import type { Seen } from '../../src/drill/store-proxy.js';
import { hasSeaweed, whySkipped } from './support/seaweed.js';
import { temporaryFolder } from './support/temporary-folder.js';

describe.skipIf(!hasSeaweed)(`downloads when the way to the store is bad${whySkipped}`, () => {
  const way = new BadWay();

  it('goes on with a file from where it broke', async () => {
    const { store, truth } = way.world();
    await truth.putFile('blobs/big', way.big);
    let cuts = 0;
    way.proxy.rule = ({ method }) =>
      method === 'GET' && (cuts += 1) <= 3 ? { kind: 'cutAnswer', after: 3_000_000 } : undefined;
    await way.expectWhole(store);
    const asked = way.proxy.seen.map(({ headers }) => headers['range']);
    expect(asked[0]).toBeUndefined();
    const starts = asked.slice(1).map((range) => Number(/^bytes=(\d+)-$/.exec(String(range))?.[1]));
    expect(starts).toHaveLength(3);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(starts[0]).toBeGreaterThan(0);
    expect(starts.at(-1)).toBeLessThanOrEqual(9_000_000);
  });

  it('gives up a file that never moves, and leaves none', async () => {
    const { store, truth } = way.world();
    await truth.put('blobs/small', Buffer.from('weights'));
    way.proxy.rule = ({ method }) =>
      method === 'GET' ? { kind: 'cutAnswer', after: 0 } : undefined;
    const folder = await temporaryFolder();
    await expect(store.getFile('blobs/small', join(folder, 'a'))).rejects.toThrow();
    expect(await readdir(folder)).toEqual([]);
    expect(way.proxy.seen).toHaveLength(6);
  });

  it('a file that comes damaged is fetched once more, and then refused with its name', async () => {
    const { store, truth } = way.world();
    const source = await folderOf({ 'a.txt': 'weights' });
    const ref = await publishArtifact(truth, { folder: source, kind: 'files' });
    const isBlob = ({ method, path }: Seen): boolean =>
      method === 'GET' && path.includes('/blobs/');
    way.proxy.rule = once(isBlob, { kind: 'flipAnswer' });
    const folder = await temporaryFolder();
    await materialise(store, ref, folder);
    expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('weights');
    way.proxy.rule = (seen) => (isBlob(seen) ? { kind: 'flipAnswer' } : undefined);
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
    const { store, truth } = way.world({ idleMs: idleFor(fault) });
    way.proxy.rule = once(({ method }) => method === 'PUT', fault);
    expect(await store.putIfAbsent('chains/k/1.json', Buffer.from('mine'))).toBe(true);
    expect(await truth.putIfAbsent('chains/k/1.json', Buffer.from('theirs'))).toBe(false);
    expect(Buffer.from((await truth.get('chains/k/1.json')) ?? []).toString()).toBe('mine');
  });
});
