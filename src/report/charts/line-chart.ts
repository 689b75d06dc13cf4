import { escapeHtml } from '../escape.js';
import {
  formatTick,
  frame,
  HALF_WIDTH,
  linearScale,
  logarithmicScale,
  niceRange,
  powersOfTen,
  px,
  rangeOf,
  type Scale,
  ticks,
} from './axes.js';

type Point = readonly [number, number];

export interface Series {
  readonly label: string;
  readonly points: readonly Point[];
  /** Vertical marks at these x values, as for interruptions. */
  readonly marks?: readonly number[];
  /** Draws the points pale and their running mean over so many on top: for what is noisy. */
  readonly meanOver?: number;
  /** A logarithmic axis where the values need one. */
  readonly logarithmicWhenWide?: boolean;
}

const HEIGHT = 230;
const MARGIN = { left: 70, right: 14, top: 12, bottom: 38 };
const BOTTOM = HEIGHT - MARGIN.bottom;
const RIGHT = HALF_WIDTH - MARGIN.right;

export function lineChart(series: Series, xLabel: string): string {
  const points = series.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  if (points.length === 0) return '';
  const [xLow, xHigh] = rangeOf(points.map(([x]) => x));
  const x = linearScale(xLow, xHigh, MARGIN.left, RIGHT);
  const logarithmic = isWide(series);
  const range = rangeOf(points.map(([, y]) => y));
  const y = logarithmic
    ? logarithmicScale(...range, BOTTOM, MARGIN.top)
    : linearScale(...niceRange(...range), BOTTOM, MARGIN.top);
  const line = (through: readonly Point[], look: string): string =>
    `<polyline class="${look}" points="${through.map(([px_, py]) => `${px(x.at(px_))},${px(y.at(py))}`).join(' ')}"/>`;
  const smooth = series.meanOver ?? 1;
  const drawn =
    smooth > 1
      ? line(points, 'line pale') + line(runningMean(points, smooth), 'line')
      : line(points, 'line');
  const marks = (series.marks ?? []).map(
    (at) =>
      `<line class="mark" x1="${px(x.at(at))}" x2="${px(x.at(at))}" y1="${MARGIN.top}" y2="${BOTTOM}"/>`,
  );
  const rows = logarithmic ? powersOfTen(y.low, y.high) : ticks(y.low, y.high);
  const inside = axes(x, y, rows, xLabel) + drawn + marks.join('');
  return frame(series.label, inside, HALF_WIDTH, HEIGHT);
}

const WIDE = 50;

/** Whether a straight axis would press most of the values flat. */
export function isWide({ points, logarithmicWhenWide }: Omit<Series, 'label'>): boolean {
  const values = points.map(([, y]) => y).filter((y) => Number.isFinite(y));
  if (!logarithmicWhenWide || values.length === 0) return false;
  const [low, high] = rangeOf(values);
  return low > 0 && high / low > WIDE;
}

/** Mean of the last `over` values at each point, of fewer at the start. */
export function runningMean(points: readonly Point[], over: number): Point[] {
  let sum = 0;
  return points.map(([x, y], i) => {
    sum += y - (points[i - over]?.[1] ?? 0);
    return [x, sum / Math.min(i + 1, over)];
  });
}

function axes(x: Scale, y: Scale, rows: readonly number[], xLabel: string): string {
  const vertical = rows.map((value) => {
    const at = px(y.at(value));
    return (
      `<line class="grid" x1="${MARGIN.left}" x2="${RIGHT}" y1="${at}" y2="${at}"/>` +
      `<text x="${MARGIN.left - 8}" y="${at}" dy="4" text-anchor="end">${formatTick(value)}</text>`
    );
  });
  const horizontal = ticks(x.low, x.high).map((value) => {
    const at = px(x.at(value));
    return (
      `<line class="tick" x1="${at}" x2="${at}" y1="${BOTTOM}" y2="${BOTTOM + 4}"/>` +
      `<text x="${at}" y="${BOTTOM + 17}" text-anchor="middle">${formatTick(value)}</text>`
    );
  });
  const base = `<line class="axis" x1="${MARGIN.left}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}"/>`;
  const label = `<text x="${RIGHT}" y="${HEIGHT - 4}" text-anchor="end">${escapeHtml(xLabel)}</text>`;
  return `${vertical.join('')}${base}${horizontal.join('')}${label}`;
}
