import type { TimeUnit } from '../../contracts/duration.js';
import { escapeHtml } from '../escape.js';
import { formatTick, frame, FULL_WIDTH, linearScale, px, ticks } from './axes.js';

export interface Span {
  readonly label: string;
  /** Seconds since the start of the plan, like all times here. */
  readonly from: number;
  readonly to: number;
  readonly kind: 'good' | 'bad';
  /** What was lost: from the last sign of life to the first new step. */
  readonly gaps: readonly (readonly [number, number])[];
  /** Written behind the bar. */
  readonly note: string;
}

const ROW = 26;
const BAR = 16;
const LEFT = 110;
const RIGHT = FULL_WIDTH - 90;

/** The unit in which an axis of so many seconds is read best. */
export function timeUnit(seconds: number): { readonly name: TimeUnit; readonly seconds: number } {
  if (seconds < 180) return { name: 's', seconds: 1 };
  return seconds < 3 * 3600 ? { name: 'min', seconds: 60 } : { name: 'h', seconds: 3600 };
}

/** One row a stage, with what interruptions cost in the other colour. */
export function timeline(
  title: string,
  spans: readonly Span[],
  units: Readonly<Record<TimeUnit, string>>,
): string {
  if (spans.length === 0) return '';
  const end = spans.reduce((latest, span) => Math.max(latest, span.to), 1);
  const { at } = linearScale(0, end, LEFT, RIGHT);
  const bottom = 6 + spans.length * ROW;
  const unit = timeUnit(end);
  const grid = ticks(0, end / unit.seconds).map((value) => {
    const x = px(at(value * unit.seconds));
    return (
      `<line class="grid" x1="${x}" x2="${x}" y1="2" y2="${bottom}"/>` +
      `<text x="${x}" y="${bottom + 16}" text-anchor="middle">${formatTick(value)} ${units[unit.name]}</text>`
    );
  });
  const rows = spans.map((span, i) => row(span, 8 + i * ROW, at));
  return frame(title, grid.join('') + rows.join(''), FULL_WIDTH, bottom + 24);
}

function row(span: Span, top: number, at: (seconds: number) => number): string {
  const block = (from: number, to: number, look: string): string =>
    `<rect class="${look}" x="${px(at(from))}" y="${top}" width="${px(Math.max(2, at(to) - at(from)))}" height="${BAR}" rx="2"/>`;
  const gaps = span.gaps.map(([from, to]) => block(from, Math.min(to, span.to), 'gap'));
  return (
    `<text class="strong" x="${LEFT - 12}" y="${top + 12}" text-anchor="end">${escapeHtml(span.label)}</text>` +
    block(span.from, span.to, span.kind) +
    gaps.join('') +
    `<text x="${px(at(span.to) + 8)}" y="${top + 12}">${escapeHtml(span.note)}</text>`
  );
}
