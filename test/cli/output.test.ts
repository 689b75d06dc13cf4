import { describe, expect, it } from 'vitest';
import { bar, cellsOf, count, localTime, money, statusText, table } from '../../src/cli/output.js';
import { PlanStatus, StageStatus } from '../../src/contracts/state.js';
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

  it('align whatever the mark of a status is: each takes one cell of a terminal', () => {
    const statuses = [...StageStatus.options, ...PlanStatus.options];
    const rows = statuses.map((status) => [statusText(status), '|']);
    const lines = plain(table(['STATUS', '|'], rows)).split('\n');
    expect(new Set(lines.map((line) => line.indexOf('|')))).toEqual(new Set([21]));
  });

  it.each([
    ['✔', 1],
    ['▶', 1],
    ['✘', 1],
    ['✔\uFE0F', 2],
    ['🚀', 2],
    ['1\u20E3', 2],
    ['下', 2],
    ['5/10', 4],
    ['\u001b[32m✔ finished\u001b[39m', 10],
  ])('%j takes %d cells', (text, cells) => expect(cellsOf(text)).toBe(cells));
});

describe('numbers for people', () => {
  it.each([
    [0, 'no steps'],
    [1, '1 step'],
    [2, '2 steps'],
  ])('%d of a thing', (number, text) => expect(count(number, 'step')).toBe(text));

  it('an instant is told on the clock of the reader', () => {
    expect(localTime(new Date(2026, 0, 5, 7, 8, 9))).toBe('2026-01-05 07:08');
  });

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
