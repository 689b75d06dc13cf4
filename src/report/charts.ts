import { escapeHtml } from './escape.js';

export interface Series {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
  /** Vertical marks at these x values, as for interruptions. */
  readonly marks?: readonly number[];
}

const WIDTH = 560;
const HEIGHT = 220;
const MARGIN = { left: 64, right: 14, top: 16, bottom: 34 };

interface Scale {
  readonly low: number;
  readonly high: number;
  at(value: number): number;
}

function scale(values: readonly number[], from: number, to: number): Scale {
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (low === high) {
    low -= Math.abs(low) * 0.1 || 1;
    high += Math.abs(high) * 0.1 || 1;
  }
  return { low, high, at: (value) => from + ((value - low) / (high - low)) * (to - from) };
}

/** Round values that divide a range into about four parts. */
export function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough) ?? rough;
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

export function formatTick(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 10_000) return `${Number((value / 1000).toPrecision(4))}k`;
  return size < 0.001 ? value.toExponential(0) : String(Number(value.toPrecision(4)));
}

/** A line chart as inline SVG; every drawing carries its title for people who cannot see it. */
export function lineChart(series: Series, xLabel: string): string {
  const points = series.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  if (points.length === 0) return '';
  const x = scale(
    points.map(([px]) => px),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const y = scale(
    points.map(([, py]) => py),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const path = points.map(([px, py]) => `${x.at(px).toFixed(1)},${y.at(py).toFixed(1)}`).join(' ');
  const marks = (series.marks ?? [])
    .map(
      (at) =>
        `<line class="mark" x1="${x.at(at)}" x2="${x.at(at)}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}"/>`,
    )
    .join('');
  return frame(
    series.label,
    `${axes(x, y, xLabel)}${marks}<polyline class="line" points="${path}"/>`,
  );
}

function frame(title: string, inside: string, height = HEIGHT): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img"><title>${escapeHtml(title)}</title>${inside}</svg>`;
}

function axes(x: Scale, y: Scale, xLabel: string): string {
  const bottom = HEIGHT - MARGIN.bottom;
  const vertical = ticks(y.low, y.high).map((value) => {
    const at = y.at(value).toFixed(1);
    return `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}"/><text x="${MARGIN.left - 8}" y="${at}" dy="4" text-anchor="end">${formatTick(value)}</text>`;
  });
  const horizontal = ticks(x.low, x.high).map(
    (value) =>
      `<text x="${x.at(value).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${formatTick(value)}</text>`,
  );
  const label = `<text class="label" x="${WIDTH - MARGIN.right}" y="${HEIGHT - 4}" text-anchor="end">${escapeHtml(xLabel)}</text>`;
  return `${vertical.join('')}${horizontal.join('')}${label}`;
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly interval: readonly [number, number];
  readonly kind: 'before' | 'after';
}

/** Horizontal bars from 0 to 100 % with their intervals as whiskers. */
export function scoreBars(title: string, bars: readonly Bar[]): string {
  const rowHeight = 34;
  const left = 150;
  const right = WIDTH - 110;
  const at = (share: number): number => left + share * (right - left);
  const rows = bars.map((bar, i) => {
    const top = 10 + i * rowHeight;
    const middle = top + 11;
    const [low, high] = bar.interval;
    return (
      `<text x="${left - 8}" y="${middle}" dy="4" text-anchor="end">${escapeHtml(bar.label)}</text>` +
      `<rect class="${bar.kind}" x="${left}" y="${top}" width="${(at(bar.value) - left).toFixed(1)}" height="22"/>` +
      `<path class="whisker" d="M${at(low).toFixed(1)} ${middle}H${at(high).toFixed(1)}M${at(low).toFixed(1)} ${middle - 5}v10M${at(high).toFixed(1)} ${middle - 5}v10"/>` +
      `<text x="${WIDTH - 4}" y="${middle}" dy="4" text-anchor="end">${(100 * bar.value).toFixed(1)} %</text>`
    );
  });
  return frame(title, rows.join(''), 20 + bars.length * rowHeight);
}

export interface Span {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly kind: 'good' | 'bad';
  readonly marks: readonly number[];
}

/** One row a stage; crosses where an interruption fell. Times are seconds since the start. */
export function timeline(title: string, spans: readonly Span[], unit: string): string {
  if (spans.length === 0) return '';
  const rowHeight = 24;
  const left = 110;
  const end = Math.max(...spans.map((span) => span.to), 1);
  const at = (seconds: number): number => left + (seconds / end) * (WIDTH - left - 20);
  const rows = spans.map((span, i) => {
    const top = 6 + i * rowHeight;
    const width = Math.max(1, at(span.to) - at(span.from));
    const crosses = span.marks
      .map((mark) => {
        const x = at(Math.min(mark, end));
        return `<path class="cross" d="M${x - 4} ${top + 3}l8 10m0 -10l-8 10"/>`;
      })
      .join('');
    return `<text x="${left - 8}" y="${top + 12}" text-anchor="end">${escapeHtml(span.label)}</text><rect class="${span.kind}" x="${at(span.from).toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="16" rx="2"/>${crosses}`;
  });
  const height = 34 + spans.length * rowHeight;
  const marks = ticks(0, end).map(
    (value) =>
      `<text x="${at(value).toFixed(1)}" y="${height - 8}" text-anchor="middle">${formatTick(value)} ${unit}</text>`,
  );
  return frame(title, rows.join('') + marks.join(''), height);
}
