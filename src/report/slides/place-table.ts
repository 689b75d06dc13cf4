import type { Cell, TableBlock } from '../content/blocks.js';
import { BOLD, cellsOf, cutTo, lineHeight, widestWord, wrap } from './measure.js';
import type { Placed } from './place.js';
import type { Box } from './shapes.js';

/** Margins inside a cell, as the file has them too. */
export const CELL_MARGIN = { x: 0.07, y: 0.035 } as const;
const MOST_LINES = 4;

const textOf = (cell: Cell): string =>
  // A number and its unit stay together.
  typeof cell === 'number' ? cell.toLocaleString('en-US') : cell.replace(/ %/g, '\u00a0%');

export function placeTable(
  { header, rows }: TableBlock,
  room: Box,
  scale: number,
  cut: boolean,
): Placed | null {
  const size = Math.round(15 * scale);
  const titled = header.some((title) => title !== '');
  const texts = rows.map((row) => row.map(textOf));
  const titles = header.map(textOf);
  const widths = widthsOf([titles, ...texts], room.w, size);
  const shorten = (row: readonly string[]): string[] =>
    row.map((cell, i) => cutTo(cell, MOST_LINES, size * BOLD, inner(widths[i]!)));
  const head = titled ? [shorten(titles)] : [];
  const all = [...head, ...texts.map(shorten)];
  const heights = all.map((row) => {
    const lines = row.map((cell, i) => wrap(cell, size * BOLD, inner(widths[i]!)).length);
    return Math.max(1, ...lines) * lineHeight(size) + 2 * CELL_MARGIN.y;
  });
  const fitting = countThatFit(heights, room.h);
  if (fitting < all.length && (!cut || fitting <= head.length)) return null;
  const h = heights.slice(0, fitting).reduce((sum, one) => sum + one, 0);
  const shape = {
    kind: 'table' as const,
    ...room,
    h,
    size,
    widths,
    heights: heights.slice(0, fitting),
    header: head[0] ?? [],
    rows: all.slice(head.length, fitting),
  };
  return { shapes: [shape], height: h };
}

const inner = (width: number): number => Math.max(0.2, width - 2 * CELL_MARGIN.x);

function countThatFit(heights: readonly number[], room: number): number {
  let sum = 0;
  const over = heights.findIndex((height) => (sum += height) > room);
  return over < 0 ? heights.length : over;
}

/** Every column holds its longest word, if all can; the rest goes by what stands in them. */
function widthsOf(rows: readonly (readonly string[])[], width: number, size: number): number[] {
  const columns = Array.from({ length: rows[0]?.length ?? 0 }, (_, i) =>
    rows.map((row) => row[i] ?? ''),
  );
  const least = columns.map(
    (cells) =>
      Math.max(...cells.map((cell) => widestWord(cell, size * BOLD))) + 2 * CELL_MARGIN.x + 0.02,
  );
  const wanted = columns.map(
    (cells) => 2 + Math.min(120, Math.max(...cells.map((c) => cellsOf(c)))),
  );
  const free = width - sumOf(least);
  if (free < 0) return least.map((one) => (one / sumOf(least)) * width);
  return least.map((one, i) => one + (free * wanted[i]!) / sumOf(wanted));
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
