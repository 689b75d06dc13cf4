import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson, digestOf } from '../../src/store/canonical-json.js';

it('sorts keys at every depth, drops what JSON drops, and writes no spaces', () => {
  expect(canonicalJson({ b: [{ y: 1, x: undefined }], a: null })).toBe('{"a":null,"b":[{"y":1}]}');
});

it('keeps keys that look like numbers or like a prototype', () => {
  const value: unknown = JSON.parse('{"__proto__":1,"10":2,"9":3}');
  expect(canonicalJson(value)).toBe('{"10":2,"9":3,"__proto__":1}');
});

it('refuses what has no JSON form', () => {
  expect(() => canonicalJson(undefined)).toThrow('no JSON form');
});

it('has a known digest, so that it cannot change unseen', () => {
  expect(digestOf({ b: 1, a: 'x' })).toBe(
    'cdab067e9f3beb32d1252cfd63e492592fecbf591b0d08cadb24bb17f3864246',
  );
});

it('means the same value and ignores the order of keys', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      const again: unknown = JSON.parse(canonicalJson(value));
      expect(again).toEqual(JSON.parse(text));
      expect(canonicalJson(again)).toBe(canonicalJson(value));
    }),
    { seed: 20261124 },
  );
  const keys = fc.uniqueArray(fc.string(), { minLength: 1 });
  fc.assert(
    fc.property(keys, (names) => {
      const one = Object.fromEntries(names.map((name) => [name, name.length]));
      const other = Object.fromEntries(names.toReversed().map((name) => [name, name.length]));
      expect(canonicalJson(one)).toBe(canonicalJson(other));
    }),
    { seed: 20261124 },
  );
});
