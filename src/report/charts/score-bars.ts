import { escapeHtml } from '../escape.js';
import { frame, FULL_WIDTH, linearScale, px } from './axes.js';

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly interval: readonly [number, number];
  readonly kind: 'before' | 'after';
}

const ROW = 36;
const BAR = 22;
const LEFT = 170;
const RIGHT = FULL_WIDTH - 90;

/** Horizontal bars on an axis from 0 to 100 %, their intervals as whiskers. */
export function scoreBars(title: string, bars: readonly Bar[]): string {
  const { at } = linearScale(0, 1, LEFT, RIGHT);
  const bottom = 8 + bars.length * ROW;
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line class="grid" x1="${px(at(share))}" x2="${px(at(share))}" y1="4" y2="${bottom}"/>` +
      `<text x="${px(at(share))}" y="${bottom + 16}" text-anchor="middle">${100 * share} %</text>`,
  );
  const rows = bars.map((bar, i) => row(bar, 8 + i * ROW, at));
  return frame(title, grid.join('') + rows.join(''), FULL_WIDTH, bottom + 24);
}

function row(bar: Bar, top: number, at: (share: number) => number): string {
  const middle = top + BAR / 2;
  const [low, high] = bar.interval.map((share) => px(at(share)));
  return (
    `<text class="strong" x="${LEFT - 12}" y="${middle}" dy="4" text-anchor="end">${escapeHtml(bar.label)}</text>` +
    `<rect class="${bar.kind}" x="${LEFT}" y="${top}" width="${px(at(bar.value) - LEFT)}" height="${BAR}" rx="2"/>` +
    `<path class="whisker" d="M${low} ${middle}H${high}M${low} ${middle - 5}v10M${high} ${middle - 5}v10"/>` +
    `<text class="strong" x="${FULL_WIDTH - 4}" y="${middle}" dy="4" text-anchor="end">${(100 * bar.value).toFixed(1)} %</text>`
  );
}
