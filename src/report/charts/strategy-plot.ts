import { escapeHtml } from '../escape.js';
import type { AxisTexts } from '../content/blocks.js';
import { formatTick, frame, HALF_WIDTH, linearScale, niceRange, px, ticks } from './axes.js';

export interface Strategy {
  /** Short enough to stand beside its point; the table beneath has the name. */
  readonly mark: string;
  readonly x: number;
  readonly score: number;
  readonly interval: readonly [number, number];
}

const HEIGHT = 260;
const MARGIN = { left: 56, right: 24, top: 14, bottom: 44 };
const BOTTOM = HEIGHT - MARGIN.bottom;
const RIGHT = HALF_WIDTH - MARGIN.right;

/** Scores with their intervals, from 0 to 100 %, against what they cost. */
export function strategyPlot(title: string, all: readonly Strategy[], texts: AxisTexts): string {
  if (all.length === 0) return '';
  const x = linearScale(
    ...niceRange(0, Math.max(...all.map((one) => one.x)) || 1),
    MARGIN.left,
    RIGHT,
  );
  const y = linearScale(0, 1, BOTTOM, MARGIN.top);
  const rows = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line class="grid" x1="${MARGIN.left}" x2="${RIGHT}" y1="${px(y.at(share))}" y2="${px(y.at(share))}"/>` +
      `<text x="${MARGIN.left - 8}" y="${px(y.at(share))}" dy="4" text-anchor="end">${100 * share} %</text>`,
  );
  const columns = ticks(x.low, x.high).map(
    (value) =>
      `<text x="${px(x.at(value))}" y="${BOTTOM + 17}" text-anchor="middle">${formatTick(value)}</text>`,
  );
  const points = all.map((one) => {
    const [at, low, high] = [px(x.at(one.x)), px(y.at(one.interval[0])), px(y.at(one.interval[1]))];
    return (
      `<path class="whisker" d="M${at} ${low}V${high}"/>` +
      `<circle class="dot" cx="${at}" cy="${px(y.at(one.score))}" r="5"/>` +
      `<text class="strong" x="${px(x.at(one.x) + 8)}" y="${px(y.at(one.score) - 7)}">${escapeHtml(one.mark)}</text>`
    );
  });
  const base = `<line class="axis" x1="${MARGIN.left}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}"/>`;
  const label = `<text x="${RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${escapeHtml(texts.x)}</text>`;
  return frame(title, [...rows, base, ...columns, ...points, label].join(''), HALF_WIDTH, HEIGHT);
}
