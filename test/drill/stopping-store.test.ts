import { expect, test } from 'vitest';
import { type Stop, stoppingStore } from '../../src/drill/stopping-store.js';
import type { ObjectStore } from '../../src/store/object-store.js';

const entry = (type: string): Uint8Array => Buffer.from(JSON.stringify({ type }));

/** A store that only notes what reaches it, and what a publish does in it. */
function publishIn(at: Stop, armed: () => boolean = () => true): string[] {
  const seen: string[] = [];
  const noting = new Proxy({} as ObjectStore, {
    get: (_, method) => (key: string) => seen.push(`${String(method)} ${key}`),
  });
  const store = stoppingStore(noting, { at, armed, stop: () => seen.push('stop') });
  void store.get('chains/k/1.json');
  void store.putIfAbsent('chains/k/1.json', entry('acquired'));
  void store.putFile('blobs/a', 'file');
  void store.putFile('blobs/b', 'file');
  void store.put('manifests/m.json', entry(''));
  void store.putIfAbsent('chains/k/2.json', entry('published'));
  void store.putFile('blobs/c', 'file');
  return seen;
}

const ALL = [
  'get chains/k/1.json',
  'putIfAbsent chains/k/1.json',
  'putFile blobs/a',
  'putFile blobs/b',
  'put manifests/m.json',
  'putIfAbsent chains/k/2.json',
  'putFile blobs/c',
];

test.each<[Stop, string]>([
  ['upload', 'putFile blobs/b'],
  ['manifest', 'put manifests/m.json'],
  ['journal', 'putIfAbsent chains/k/2.json'],
])('%s: stops once, before %s', (at, before) => {
  const expected = [...ALL];
  expected.splice(ALL.indexOf(before), 0, 'stop');
  expect(publishIn(at)).toEqual(expected);
});

test('does not stop before it is armed', () => {
  expect(publishIn('journal', () => false)).toEqual(ALL);
});
