import stringWidth from 'string-width';

/** Wide characters may end a line anywhere, but closing marks never begin one. */
const NEVER_FIRST = /^[，。；：、！？）》」』”’%]/u;
const PIECES =
  /[\p{Script=Han}\u3000-\u303f\uff00-\uffef]|[^\s\p{Script=Han}\u3000-\u303f\uff00-\uffef]+|\s+/gu;

/** Lines of at most `width` cells: between words, or between any two Chinese characters. */
export function wrapCells(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of text.match(PIECES) ?? []) {
    const full = stringWidth(line + piece.trimEnd()) > width;
    if (full && line !== '' && !NEVER_FIRST.test(piece)) {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    } else {
      line += piece;
    }
  }
  return line.trim() === '' ? lines : [...lines, line.trimEnd()];
}

/** Cells of a line that a person reads without moving the head. */
export const WIDTH = 100;
