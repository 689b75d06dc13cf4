import type { Stay } from '../content/blocks.js';
import { frameAt, threeFrames } from '../content/denoising.js';
import type { FramesBlock } from './deck.js';
import { lineHeight, wrap } from './measure.js';
import type { Placed } from './place.js';
import { type Box, COLORS, type Run, type Shape, type Underline } from './shapes.js';

const GAP = 0.25;
const PAD = 0.08;
const MOST_LINES = 8;

/** Sureness is shown twice: by the shade behind a token and by the line beneath it. */
const SHADES = ['', 'F2F6FE', 'DFEAFD', 'C3D8FB', 'A3C4F8', '80ADF4'] as const;
const LINES: readonly (Underline | null)[] = [null, 'dotted', 'dotted', 'sng', 'sng', 'heavy'];

/** Three steps of a denoising beside each other, over their legend. */
export function placeFrames(block: FramesBlock, room: Box, scale: number): Placed | null {
  const steps = threeFrames(block.denoising);
  const [size, small] = [Math.round(14 * scale), Math.round(12 * scale)];
  const w = (room.w - GAP * (steps.length - 1)) / steps.length;
  const frames = steps.map((step) => runsOf(frameAt(block.denoising, step), size, w - 2 * PAD));
  const most = Math.max(...frames.map(({ lines }) => lines));
  const head = lineHeight(small) * 2.2;
  const boxHeight = most * lineHeight(size) + 2 * PAD;
  const height = 2 * head + boxHeight;
  if (height > room.h) return null;
  const line = { kind: 'text', w: room.w, x: room.x, h: head, size: small } as const;
  const shapes = frames.flatMap(({ runs }, i): Shape[] => {
    const x = room.x + i * (w + GAP);
    const label = `${steps[i]! + 1} / ${block.denoising.steps}`;
    const title = i === 0 ? `${block.title} · ${label}` : label;
    const head_ = { ...line, x, w, y: room.y, runs: [{ text: title, bold: true }] };
    const box = { x, y: room.y + head, w, h: boxHeight };
    return [head_, { kind: 'text', ...box, size, runs, fill: COLORS.panel, mono: true }];
  });
  const y = room.y + head + boxHeight;
  shapes.push({ ...line, y, runs: [{ text: block.legend, color: COLORS.soft }] });
  return { shapes, height };
}

/** Monospaced letters are wider than the measure's; what is too long ends with an ellipsis. */
const MONO = 1.2;

function runsOf(stays: readonly (Stay | undefined)[], size: number, width: number) {
  const runs: Run[] = [];
  let shown = '';
  for (const stay of stays) {
    const text = (stay?.text ?? '□').replace(/\n/g, ' ');
    if (wrap(shown + text, size * MONO, width).length > MOST_LINES) {
      runs.push({ text: '…' });
      break;
    }
    shown += text;
    const level = stay?.level ?? 0;
    const [highlight, underline] = [SHADES[level], LINES[level]];
    runs.push({
      text,
      ...(level === 0 ? { color: COLORS.soft } : {}),
      ...(highlight ? { highlight } : {}),
      ...(underline ? { underline } : {}),
    });
  }
  const joined = runs.length > 0 ? runs : [{ text: ' ' }];
  return { runs: joined, lines: wrap(shown, size * MONO, width).length };
}
