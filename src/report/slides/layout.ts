import { BOLD, cutTo } from './measure.js';
import { place } from './place.js';
import type { Slide, SlideBlock } from './deck.js';
import { BODY, type Box, COLORS, PAGE, type Shape } from './shapes.js';

/** Type shrinks in these steps before anything is left out. */
const SCALES = [1, 0.9, 0.8, 0.72, 0.64] as const;
const SMALLEST = 0.64;

/** Everything on its place; nothing leaves the page, however long a text is. */
export function layOut(slide: Slide, number: number, footer: string): Shape[] {
  const title: Shape = {
    kind: 'text',
    x: BODY.x,
    y: 0.4,
    w: BODY.w,
    h: 0.7,
    size: 28,
    runs: [{ text: cutTo(slide.title, 1, 28 * BOLD, BODY.w), bold: true }],
  };
  const rule: Shape = {
    kind: 'line',
    x: BODY.x,
    y: 1.14,
    w: BODY.w,
    h: 0,
    color: COLORS.line,
  };
  const foot: Shape = {
    kind: 'text',
    x: BODY.x,
    y: PAGE.h - 0.38,
    w: BODY.w,
    h: 0.3,
    size: 10,
    align: 'right',
    runs: [{ text: `${footer} · ${number}`, color: COLORS.soft }],
  };
  return [title, rule, ...fit(slide.blocks, BODY), foot];
}

/** At the largest type at which all of it has room; at the smallest, what still has room. */
function fit(blocks: readonly SlideBlock[], box: Box): Shape[] {
  for (const scale of SCALES) {
    const placed = stack(blocks, box, scale, false);
    if (placed !== null) return placed;
  }
  return stack(blocks, box, SMALLEST, true) ?? [];
}

const GAP = 0.14;

/** Null where a block has no room, unless it may be `cut`. */
export function stack(
  blocks: readonly SlideBlock[],
  box: Box,
  scale: number,
  cut: boolean,
): Shape[] | null {
  const shapes: Shape[] = [];
  let y = box.y;
  for (const [i, block] of blocks.entries()) {
    // What comes after is kept in view too: a long first block takes no more than its share.
    const left = box.y + box.h - y;
    const share = cut ? left / Math.min(2, blocks.length - i) : left;
    const room = { x: box.x, y, w: box.w, h: i === blocks.length - 1 ? left : share };
    const placed = place(block, room, scale, cut);
    if (placed === null) {
      if (!cut) return null;
      continue;
    }
    shapes.push(...placed.shapes);
    y += placed.height + GAP * scale;
  }
  return shapes;
}
