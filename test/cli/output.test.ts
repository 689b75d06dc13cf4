import { describe, expect, it } from 'vitest';
import { bar, duration, money, table } from '../../src/cli/output.js';
import { differences } from '../../src/cli/plan-diff.js';

// eslint-disable-next-line no-control-regex
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '');

describe('tables', () => {
  it('align by cells, so that Chinese text stands in its column', () => {
    const lines = plain(
      table(
        ['阶段', 'N'],
        [
          ['下载', '1'],
          ['full-train', '22'],
        ],
      ),
    ).split('\n');
    expect(lines).toEqual(['阶段        N', '下载        1', 'full-train  22']);
  });
});

describe('numbers for people', () => {
  it.each([
    [0.5, '0.5 s'],
    [59, '59 s'],
    [61, '1 min 1 s'],
    [3660, '1 h 1 min'],
    [90_000, '1 d 1 h'],
  ])('%d seconds', (seconds, text) => expect(duration(seconds)).toBe(text));

  it('money is written in yuan', () => expect(money(12_345)).toBe('¥123.45'));

  it('a bar never overflows', () => {
    expect(bar(5, 10, 4)).toBe('██░░');
    expect(bar(99, 10, 4)).toBe('████');
    expect(bar(0, 0, 4)).toBe('░░░░');
  });
});

describe('the difference of two plans', () => {
  it('names paths and leaves the digest out', () => {
    expect(differences({ a: { b: 1 }, digest: 'x' }, { a: { b: 2 }, c: 3, digest: 'y' })).toEqual([
      'a.b: 1 → 2',
      'c: (not set) → 3',
    ]);
  });
});
