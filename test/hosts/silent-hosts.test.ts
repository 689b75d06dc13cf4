import { expect, test } from 'vitest';
import { SilentHosts } from '../../src/hosts/silent-hosts.js';

/** Looks once a second; what it says at each. */
function looks(silent: SilentHosts, from: number, count: number, sign: (look: number) => string) {
  return Array.from({ length: count }, (_, look) =>
    silent.isSilent('h', sign(look), from + 1000 * look),
  );
}

test('a host whose sign stays the same for two minutes is silent, not a moment sooner', () => {
  const said = looks(new SilentHosts(), 0, 122, () => 'same');
  expect(said.indexOf(true)).toBe(120);
  expect(said.slice(120)).toEqual([true, true]);
});

test('one that has never told of itself counts the same', () => {
  expect(looks(new SilentHosts(), 0, 121, () => '').at(-1)).toBe(true);
});

test('any news makes it alive again', () => {
  const silent = new SilentHosts();
  expect(looks(silent, 0, 121, () => 'old').at(-1)).toBe(true);
  expect(silent.isSilent('h', 'new', 121_000)).toBe(false);
  expect(looks(silent, 122_000, 119, () => 'new').includes(true)).toBe(false);
});

test('time in which nobody looked is not counted: the watcher may have slept with all hosts', () => {
  const silent = new SilentHosts();
  looks(silent, 0, 60, () => 'same');
  expect(silent.isSilent('h', 'same', 36_000_000)).toBe(false);
  expect(silent.isSilent('h', 'new', 36_001_000)).toBe(false);
});
