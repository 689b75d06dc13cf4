import stringWidth from 'string-width';

/** Of an em: a wide guess for proportional letters, so that what is measured to fit does fit. */
const CELL = 0.54;
const LINE = 1.3;
const POINTS_PER_INCH = 72;

/** Words keep together; Chinese breaks anywhere. */
const PIECES =
  /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[ \t]+|[^ \t\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+/g;

/** The lines that a text takes in a box of this width. */
export function wrap(text: string, size: number, width: number): string[] {
  const cells = Math.max(4, Math.floor((width * POINTS_PER_INCH) / (size * CELL)));
  return text.split('\n').flatMap((paragraph) => wrapParagraph(paragraph, cells));
}

function wrapParagraph(paragraph: string, cells: number): string[] {
  const lines: string[] = [];
  let [line, used] = ['', 0];
  for (const piece of paragraph.match(PIECES) ?? []) {
    for (const part of chunks(piece, cells)) {
      const width = cellsOf(part);
      const blank = part.trim() === '';
      if (line !== '' && !blank && used + width > cells) {
        lines.push(line.trimEnd());
        [line, used] = [part, width];
      } else [line, used] = [line + part, used + width];
    }
  }
  return [...lines, line.trimEnd()];
}

const PLAIN = /^[\x20-\x7e]*$/;
const CHINESE = /^[\u3000-\u303f\u4e00-\u9fff\uff01-\uff60]$/;

/** The exact width is slow to find; most pieces need no look at all. */
export function cellsOf(piece: string): number {
  if (PLAIN.test(piece)) return piece.length;
  return CHINESE.test(piece) ? 2 : stringWidth(piece);
}

/** A word that is longer than a line is cut where the line ends. */
function chunks(piece: string, cells: number): string[] {
  if (cellsOf(piece) <= cells) return [piece];
  const size = Math.max(1, Math.floor(cells / 2));
  return Array.from({ length: Math.ceil(piece.length / size) }, (_, i) =>
    piece.slice(i * size, (i + 1) * size),
  );
}

/** A short word may be all wide letters; over a line they even out. */
const wideLetters = (piece: string): number =>
  (piece.match(/[A-Zmw]/g)?.length ?? 0) / 2 + (piece.match(/[MW]/g)?.length ?? 0) / 2;

/** Width of the longest word, which a column must hold. */
export function widestWord(text: string, size: number): number {
  const widths = (text.match(PIECES) ?? []).map((piece) => cellsOf(piece) + wideLetters(piece));
  const cells = Math.max(0, ...widths);
  return (cells * size * CELL) / POINTS_PER_INCH;
}

/** Bold letters are wider. */
export const BOLD = 1.12;

export const lineHeight = (size: number): number => (size * LINE) / POINTS_PER_INCH;

export const heightOf = (text: string, size: number, width: number): number =>
  wrap(text, size, width).length * lineHeight(size);

/** The text, or as much of it as so many lines hold. */
export function cutTo(text: string, lines: number, size: number, width: number): string {
  const all = wrap(text, size, width);
  if (all.length <= lines) return text;
  const kept = all.slice(0, Math.max(1, lines));
  const last = (kept.pop() ?? '').slice(0, -2).trimEnd();
  return [...kept, `${last}…`].join('\n');
}
