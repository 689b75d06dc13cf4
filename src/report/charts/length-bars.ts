import type { LengthBin } from '../data-check.js';
import { escapeHtml } from '../escape.js';
import { frame, FULL_WIDTH, linearScale, px } from './axes.js';

const ROW = 26;
const BAR = 16;
const LEFT = 170;
const RIGHT = FULL_WIDTH - 90;

/** A bar for each range of lengths, from the shortest that occurs to the longest. */
export function lengthBars(title: string, histogram: readonly LengthBin[]): string {
  const first = histogram.findIndex(({ rows }) => rows > 0);
  if (first < 0) return '';
  const bins = histogram.slice(first, histogram.findLastIndex(({ rows }) => rows > 0) + 1);
  const most = Math.max(...bins.map(({ rows }) => rows));
  const { at } = linearScale(0, most, LEFT, RIGHT);
  const rows = bins.map((bin, i) => {
    const middle = 4 + i * ROW + BAR / 2;
    return (
      `<text class="strong" x="${LEFT - 12}" y="${middle}" dy="4" text-anchor="end">${rangeOf(bin)}</text>` +
      `<rect class="after" x="${LEFT}" y="${4 + i * ROW}" width="${px(at(bin.rows) - LEFT)}" height="${BAR}" rx="2"/>` +
      `<text class="strong" x="${px(at(bin.rows) + 8)}" y="${middle}" dy="4">${bin.rows.toLocaleString('en-US')}</text>`
    );
  });
  return frame(title, rows.join(''), FULL_WIDTH, 8 + bins.length * ROW);
}

const rangeOf = ({ from, to }: LengthBin): string =>
  escapeHtml(to === null ? `≥ ${from}` : `${from} – ${to - 1}`);
