import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cell } from '../../src/cli/denoising-canvas.js';
import { canvasLines, stepLine } from '../../src/cli/denoising-lines.js';
import { cellsOf } from '../../src/cli/output.js';

const cell = (text: string, sure: number | null = 1, fresh = false): Cell => ({
  ...{ text, sure, fresh },
});
const plain = (cells: readonly (Cell | null)[], width = 80): string[] =>
  canvasLines(cells, width).map(({ text }) => stripVTControlCharacters(text));

test('masks, sureness and ends are told without any colour', () => {
  const cells = [cell('4'), cell('2', 0.6), cell('?', 0.1), cell('x', null), null, null];
  expect(plain([...cells, cell('<|endoftext|>')])).toEqual(['42~??x··∎']);
  // No special token, whatever it looks like.
  expect(plain([cell('<div>')])).toEqual(['<div>']);
});

test('Chinese characters take two cells and are never cut', () => {
  const cells = Array.from('答案是四十二', (text) => cell(text));
  expect(plain(cells, 5)).toEqual(['答案', '是四', '十二']);
  expect(plain([null, ...cells], 5)).toEqual(['·答案', '是四', '十二']);
});

test('a line break is shown and breaks the line; what would move the cursor does not', () => {
  expect(plain([cell('a\nb'), cell('\r\u001b[2J')])).toEqual(['a⏎', 'b\ufffd[2J']);
});

test('lines with something new are known', () => {
  const lines = canvasLines([cell('aaaa'), cell('bb', 1, true), cell('cc'), null], 4);
  expect(lines.map(({ fresh }) => fresh)).toEqual([false, true, false]);
});

test('no line is wider than the terminal, and nothing is lost', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '字', '😀', 'é', ' '), minLength: 1 });
  const cells = fc.array(fc.option(text.map((t) => cell(t))));
  fc.assert(
    fc.property(cells, fc.integer({ min: 2, max: 30 }), (all, width) => {
      const lines = plain(all, width);
      expect(Math.max(0, ...lines.map(cellsOf))).toBeLessThanOrEqual(width);
      expect(lines.join('')).toBe(all.map((one) => one?.text ?? '·').join(''));
    }),
  );
});

test('a step in one line', () => {
  const tokens = [
    { position: 7, token: 1, text: '4', confidence: 0.98 },
    { position: 8, token: 2, text: '二', confidence: 0.61 },
    { position: 9, token: 3, text: null, confidence: 0.2 },
  ];
  const event = { type: 'revealed', question: 0, step: 2, canvas: 24, tokens } as const;
  expect(stepLine({ ...event, tokens: [...tokens] }, 'maskgit_plus', 4)).toBe(
    'step 3, 4 of 24 decided: 7 "4" 98 %, 8 "二" 61 %~, 9 masked again',
  );
});
