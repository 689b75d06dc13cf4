import type { StrategyResult } from '../contracts/strategies.js';
import { FULL_WIDTH, HALF_WIDTH } from '../report/charts/axes.js';
import { strategyPlot } from '../report/charts/strategy-plot.js';
import { escapeHtml } from '../report/escape.js';
import { STYLES } from '../report/styles.js';
import { percent } from './output.js';
import { markOf } from './strategy-table.js';

const PLOT_HEIGHT = 260;
const ROW = 20;
const TOP = 34;

/** Score against speed and against passes, with the names, as a file that opens by itself. */
export function strategyDrawing(title: string, results: readonly StrategyResult[]): string {
  const plots = [
    plot(results, (one) => one.tokensPerSecond, 'tokens per second'),
    plot(results, (one) => one.forwardsPerAnswer, 'forwards per answer'),
  ];
  const rows = Math.ceil(results.length / 2);
  const names = results.map((one, i) => {
    const [column, row] = [Math.floor(i / rows), i % rows];
    const at = `x="${column === 0 ? 20 : FULL_WIDTH - HALF_WIDTH + 20}" y="${TOP + PLOT_HEIGHT + 24 + row * ROW}"`;
    const words = `${markOf(i)}  ${one.name}, ${percent(one.score)}`;
    return `<text class="strong" ${at}>${escapeHtml(words)}</text>`;
  });
  const height = TOP + PLOT_HEIGHT + 24 + rows * ROW;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${FULL_WIDTH} ${height}" role="img">`,
    `<title>${escapeHtml(title)}</title><style>${STYLES}</style>`,
    `<rect width="100%" height="100%" style="fill: var(--paper)"/>`,
    `<text class="strong" x="20" y="22">${escapeHtml(title)}</text>`,
    ...plots.map(
      (drawn, i) =>
        `<g transform="translate(${i === 0 ? 0 : FULL_WIDTH - HALF_WIDTH} ${TOP})">${drawn}</g>`,
    ),
    ...names,
    '</svg>\n',
  ].join('\n');
}

/** A chart of the report without its own frame. */
function plot(
  results: readonly StrategyResult[],
  x: (one: StrategyResult) => number,
  label: string,
): string {
  const marks = sharedMarks(results.map((one) => [x(one), one.score]));
  const points = results.map((one, i) => ({
    ...{ mark: marks[i] ?? '', x: x(one), score: one.score, interval: one.interval },
  }));
  const svg = strategyPlot(label, points, { x: label, y: 'score' });
  return svg.replace(/^<svg[^>]*>/, '').replace(/<\/svg>$/, '');
}

/** Of the axis, or of a score: closer than this, marks would cover each other. */
const CLOSE = { x: 0.05, score: 0.06 };

/** Points that lie together share one label, at the first of them; the others have none. */
export function sharedMarks(points: readonly (readonly [number, number])[]): string[] {
  const width = Math.max(...points.map(([x]) => x)) || 1;
  const close = (a: readonly [number, number], b: readonly [number, number]): boolean =>
    Math.abs(a[0] - b[0]) < CLOSE.x * width && Math.abs(a[1] - b[1]) < CLOSE.score;
  const heads: number[] = [];
  const marks = points.map(() => '');
  for (const [i, point] of points.entries()) {
    const head = heads.find((one) => close(points[one]!, point));
    if (head === undefined) {
      heads.push(i);
      marks[i] = markOf(i);
    } else marks[head] += ` ${markOf(i)}`;
  }
  return marks;
}
