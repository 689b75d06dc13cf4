import { escapeHtml } from '../escape.js';

/** A drawing is as wide as the place it gets, so that its text has the size of the page's text. */
export const HALF_WIDTH = 460;
export const FULL_WIDTH = 960;

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly at: (value: number) => number;
}

export function linearScale(low: number, high: number, from: number, to: number): Scale {
  return { low, high, at: (value) => from + ((value - low) / (high - low)) * (to - from) };
}

/** For positive values that span several powers of ten; the range widened to whole ones. */
export function logarithmicScale(low: number, high: number, from: number, to: number): Scale {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const { at } = linearScale(first, last, from, to);
  return { low: 10 ** first, high: 10 ** last, at: (value) => at(Math.log10(value)) };
}

export function powersOfTen(low: number, high: number): number[] {
  const first = Math.round(Math.log10(low));
  const count = Math.round(Math.log10(high)) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(`1e${first + i}`));
}

/** Low and high of the values, apart even when all are equal. */
export function rangeOf(values: readonly number[]): readonly [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  if (low !== high) return [low, high];
  const margin = Math.abs(low) * 0.1 || 1;
  return [low - margin, high + margin];
}

function tickStep(low: number, high: number): number {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((f) => f * power).find((s) => s >= rough * 0.999) ?? rough;
}

/** The range widened to whole ticks; one that begins not far above zero begins at zero. */
export function niceRange(low: number, high: number): readonly [number, number] {
  const from = low > 0 && low < 0.4 * high ? 0 : low;
  const step = tickStep(from, high);
  return [Math.floor(from / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
}

/** Round values that divide a range into about four parts. */
export function ticks(low: number, high: number): number[] {
  const step = tickStep(low, high);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

const SMALL = /^(-?[\d.]+)e-(\d+)$/;
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

export function formatTick(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 10_000) return `${Number((value / 1000).toPrecision(4))}k`;
  if (size >= 0.001) return String(Number(value.toPrecision(4)));
  const [, digits, power] = SMALL.exec(Number(value.toPrecision(2)).toExponential()) ?? [];
  const raised = Array.from(power ?? '', (digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return digits ? `${digits}×10⁻${raised}` : String(value);
}

/** Inline SVG; every drawing carries its title for people who cannot see it. */
export function frame(title: string, inside: string, width: number, height: number): string {
  const look = width === FULL_WIDTH ? ' class="wide"' : '';
  return `<svg${look} viewBox="0 0 ${width} ${height}" role="img"><title>${escapeHtml(title)}</title>${inside}</svg>`;
}

export const px = (value: number): string => value.toFixed(1);
