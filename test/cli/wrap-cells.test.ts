import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { wrapCells } from '../../src/cli/wrap-cells.js';

describe('wrapping', () => {
  it('breaks English between words and Chinese between characters', () => {
    expect(wrapCells('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapCells('一二三四五六', 8)).toEqual(['一二三四', '五六']);
  });

  it('counts a Chinese character as two cells, whatever stands beside it', () => {
    expect(wrapCells('GSM8K：训练前后', 11)).toEqual(['GSM8K：训练', '前后']);
  });

  it('begins no line with a closing mark', () => {
    expect(wrapCells('一二三四。五', 8)).toEqual(['一二三四。', '五']);
  });

  it('keeps every word, in order, and never passes the width by more than one mark', () => {
    const word = fc.constantFrom('bf16', '的', '显存', '，', '4096', 'a', '。', 'documents');
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 40 }),
        fc.integer({ min: 12, max: 40 }),
        (words, width) => {
          const text = words.join(' ');
          const lines = wrapCells(text, width);
          expect(lines.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
          for (const line of lines) {
            const marks = /[，。\s]*$/u.exec(line)?.[0] ?? '';
            expect(stringWidth(line.slice(0, line.length - marks.length))).toBeLessThanOrEqual(
              width,
            );
          }
        },
      ),
    );
  });
});
