import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { garbageIn, type StoreContents, type StoredManifest } from '../../src/store/garbage.js';

const NOW = 100;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const BLOBS = ['1', '2', '3', '4', '5', '6'];

const stored = fc.record({
  bytes: fc.integer({ min: 0, max: 9 }),
  modifiedMs: fc.integer({ min: 0, max: 2 * NOW }),
});
const files = fc.option(fc.subarray(BLOBS), { freq: 8 });
const manifest: fc.Arbitrary<StoredManifest> = fc
  .tuple(stored, files)
  .map(([one, named]) => ({ ...one, files: named }));
const mapOf = <V>(names: readonly string[], value: fc.Arbitrary<V>): fc.Arbitrary<Map<string, V>> =>
  fc.dictionary(fc.constantFrom(...names), value).map((found) => new Map(Object.entries(found)));
const contents: fc.Arbitrary<StoreContents> = fc.record({
  manifests: mapOf(NAMES, manifest),
  blobs: mapOf(BLOBS, stored),
  roots: fc.subarray(NAMES).map((names) => new Set(names)),
});

function without(all: StoreContents, before: number): StoreContents {
  const garbage = garbageIn(all, before);
  const left = <V>(map: ReadonlyMap<string, V>, gone: readonly string[]): Map<string, V> =>
    new Map([...map].filter(([name]) => !gone.includes(name)));
  return {
    manifests: left(all.manifests, garbage.manifests),
    blobs: left(all.blobs, garbage.blobs),
    roots: all.roots,
  };
}

const check = (property: (all: StoreContents) => void): void =>
  fc.assert(fc.property(contents, property), { numRuns: 500 });

describe('what nothing refers to', () => {
  it('takes nothing that is named, nor a file of what is named', () => {
    check((all) => {
      const left = without(all, NOW);
      for (const root of all.roots) {
        const named = all.manifests.get(root);
        expect(left.manifests.get(root)).toEqual(named);
        for (const file of named?.files ?? [])
          expect(left.blobs.get(file)).toEqual(all.blobs.get(file));
      }
    });
  });

  it('takes nothing young, nor a file of what is young', () => {
    check((all) => {
      const left = without(all, NOW);
      for (const [digest, one] of all.manifests) {
        if (one.modifiedMs < NOW) continue;
        expect(left.manifests.has(digest)).toBe(true);
        for (const file of one.files ?? [])
          expect(left.blobs.get(file)).toEqual(all.blobs.get(file));
      }
      for (const [file, one] of all.blobs) {
        if (one.modifiedMs >= NOW) expect(left.blobs.has(file)).toBe(true);
      }
    });
  });

  it('leaves only what is named or young, unless a manifest that stays cannot be read', () => {
    check((all) => {
      const garbage = garbageIn(all, NOW);
      const left = without(all, NOW);
      for (const [digest, one] of left.manifests) {
        expect(all.roots.has(digest) || one.modifiedMs >= NOW).toBe(true);
      }
      if (garbage.unreadable.length > 0) {
        expect(garbage.blobs).toEqual([]);
        return;
      }
      const needed = new Set([...left.manifests.values()].flatMap((one) => one.files ?? []));
      for (const [file, one] of left.blobs) {
        expect(needed.has(file) || one.modifiedMs >= NOW).toBe(true);
      }
    });
  });

  it('finds nothing more when it has been deleted', () => {
    check((all) => {
      const again = garbageIn(without(all, NOW), NOW);
      expect([again.manifests, again.blobs, again.bytes]).toEqual([[], [], 0]);
    });
  });

  it('takes no more with an earlier limit than with a later one', () => {
    check((all) => {
      const [early, late] = [garbageIn(all, NOW / 2), garbageIn(all, NOW)];
      expect(late.manifests).toEqual(expect.arrayContaining([...early.manifests]));
    });
  });

  it('counts the bytes of both', () => {
    const one = { bytes: 2, modifiedMs: 0 };
    const all: StoreContents = {
      manifests: new Map([['a', { ...one, files: ['1'] }]]),
      blobs: new Map([['1', { ...one, bytes: 40 }]]),
      roots: new Set(),
    };
    expect(garbageIn(all, NOW)).toEqual({
      manifests: ['a'],
      blobs: ['1'],
      bytes: 42,
      unreadable: [],
    });
  });
});
