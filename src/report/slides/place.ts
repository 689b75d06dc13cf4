import type { ListBlock, TextBlock, TilesBlock, Tone } from '../content/blocks.js';
import { placeFigures } from './place-figures.js';
import { placeFrames } from './place-frames.js';
import { placeTable } from './place-table.js';
import type { SlideBlock } from './deck.js';
import { BOLD, cutTo, heightOf, lineHeight, wrap } from './measure.js';
import { type Box, COLORS, type Shape, type TextShape } from './shapes.js';

/** What a block became, and how much of its room it took. */
export interface Placed {
  readonly shapes: readonly Shape[];
  readonly height: number;
}

/** Inside a box that has a colour. */
const PAD = 0.1;
/** Answers and questions are cut at so many lines: the page has them whole. */
const CODE_LINES = 7;

/** Null where it has no room; with `cut` as much of it as has. */
export function place(block: SlideBlock, room: Box, scale: number, cut: boolean): Placed | null {
  switch (block.kind) {
    case 'text':
      return placeText(block, room, scale, cut);
    case 'list':
      return placeList(block, room, scale, cut);
    case 'tiles':
      return placeTiles(block, room, scale);
    case 'table':
      return placeTable(block, room, scale, cut);
    case 'figures':
      return placeFigures(block.figures, room, scale);
    case 'frames':
      return placeFrames(block, room, scale);
    case 'columns':
      return placeColumns(block.columns, room, scale, cut);
    case 'fold':
    case 'case':
      // The page has them; a slide is not opened.
      return { shapes: [], height: 0 };
  }
}

const LOOKS: Readonly<
  Record<Tone, { size: number; color: string; bold?: boolean; fill?: string }>
> = {
  plain: { size: 20, color: COLORS.ink },
  head: { size: 18, color: COLORS.ink, bold: true },
  soft: { size: 15, color: COLORS.soft },
  note: { size: 17, color: COLORS.warn, fill: COLORS.panel },
  alarm: { size: 20, color: COLORS.bad, bold: true, fill: COLORS.panel },
  better: { size: 18, color: COLORS.good, bold: true },
  worse: { size: 18, color: COLORS.bad, bold: true },
  noChange: { size: 18, color: COLORS.ink, bold: true },
  code: { size: 15, color: COLORS.ink, fill: COLORS.panel },
};

function placeText(block: TextBlock, room: Box, scale: number, cut: boolean): Placed | null {
  const look = LOOKS[block.tone];
  const size = Math.round(look.size * scale);
  const pad = look.fill ? PAD : 0;
  const width = (room.w - 2 * pad) / (look.bold ? BOLD : 1);
  const lines = Math.floor((room.h - 2 * pad) / lineHeight(size));
  if (lines < 1) return null;
  const whole = block.tone === 'code' ? cutTo(block.text, CODE_LINES, size, width) : block.text;
  if (!cut && heightOf(whole, size, width) + 2 * pad > room.h) return null;
  const shown = cutTo(whole, lines, size, width);
  const h = heightOf(shown, size, width) + 2 * pad;
  const run = { text: shown, color: look.color, ...(look.bold ? { bold: true } : {}) };
  const shape: TextShape = {
    kind: 'text',
    ...room,
    h,
    size,
    runs: [run],
    ...(look.fill ? { fill: look.fill } : {}),
  };
  return { shapes: [shape], height: h };
}

const BULLET = 0.28;

function placeList({ items }: ListBlock, room: Box, scale: number, cut: boolean): Placed | null {
  const size = Math.round(18 * scale);
  const shapes: Shape[] = [];
  let y = room.y;
  for (const item of items) {
    const h = heightOf(item, size, room.w - BULLET);
    if (y + h > room.y + room.h) {
      if (!cut || shapes.length === 0) return null;
      break;
    }
    const bullet = { kind: 'dot', x: room.x + 0.06, y: y + lineHeight(size) / 2 - 0.04 } as const;
    shapes.push({ ...bullet, w: 0.08, h: 0.08, fill: COLORS.after });
    shapes.push({
      kind: 'text',
      x: room.x + BULLET,
      y,
      w: room.w - BULLET,
      h,
      size,
      runs: [{ text: item }],
    });
    y += h + 0.06 * scale;
  }
  return { shapes, height: y - room.y };
}

const IN_A_ROW = 4;
const TILE_GAP = 0.15;

function placeTiles({ tiles }: TilesBlock, room: Box, scale: number): Placed | null {
  const across = Math.min(IN_A_ROW, tiles.length);
  const w = (room.w - TILE_GAP * (across - 1)) / across;
  const h = 0.95 * scale;
  const height = Math.ceil(tiles.length / across) * (h + TILE_GAP) - TILE_GAP;
  if (height > room.h) return null;
  const shapes = tiles.flatMap(([name, value], i): Shape[] => {
    const x = room.x + (i % across) * (w + TILE_GAP);
    const y = room.y + Math.floor(i / across) * (h + TILE_GAP);
    const line = { kind: 'text', x: x + PAD, w: w - 2 * PAD } as const;
    const small = Math.round(13 * scale);
    const shown = value.replace(/ /g, '\u00a0');
    const large = largestInOneLine(shown, Math.round(22 * scale), w - 2 * PAD);
    return [
      { kind: 'rect', x, y, w, h, fill: COLORS.panel },
      {
        ...line,
        y: y + 0.06 * scale,
        h: 0.32 * scale,
        size: small,
        runs: [{ text: cutTo(name, 1, small, w - 2 * PAD), color: COLORS.soft }],
      },
      {
        ...line,
        y: y + 0.4 * scale,
        h: 0.5 * scale,
        size: large,
        runs: [{ text: shown, bold: true }],
      },
    ];
  });
  return { shapes, height };
}

function largestInOneLine(text: string, size: number, width: number): number {
  return size > 8 && wrap(text, size * BOLD, width).length > 1
    ? largestInOneLine(text, size - 1, width)
    : size;
}

const COLUMN_GAP = 0.35;

function placeColumns(
  columns: readonly (readonly SlideBlock[])[],
  room: Box,
  scale: number,
  cut: boolean,
): Placed | null {
  const w = (room.w - COLUMN_GAP * (columns.length - 1)) / columns.length;
  const shapes: Shape[] = [];
  let height = 0;
  for (const [i, blocks] of columns.entries()) {
    let y = room.y;
    for (const block of blocks) {
      const h = room.y + room.h - y;
      const placed = place(block, { x: room.x + i * (w + COLUMN_GAP), y, w, h }, scale, cut);
      if (placed === null) {
        if (!cut) return null;
        continue;
      }
      shapes.push(...placed.shapes);
      y += placed.height + 0.1 * scale;
    }
    height = Math.max(height, y - room.y);
  }
  return { shapes, height };
}
