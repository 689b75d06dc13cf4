import type { Bar } from '../charts/score-bars.js';
import type { Strategy } from '../charts/strategy-plot.js';
import { formatTick, niceRange, ticks } from '../charts/axes.js';
import type { AxisTexts, Figure } from '../content/blocks.js';
import type { Placed } from './place.js';
import { type Box, COLORS, type Shape } from './shapes.js';

const GAP = 0.3;

export function placeFigures(figures: readonly Figure[], room: Box, scale: number): Placed | null {
  const drawn = figures.filter(
    ({ chart }) => chart.kind !== 'lengths' && chart.kind !== 'timeline',
  );
  if (drawn.length === 0) return { shapes: [], height: 0 };
  const w = (room.w - GAP * (drawn.length - 1)) / drawn.length;
  const placed = drawn.map((figure, i) =>
    placeFigure(figure, { ...room, x: room.x + i * (w + GAP), w }, scale),
  );
  const height = Math.max(...placed.map((one) => one.height));
  return height > room.h ? null : { shapes: placed.flatMap(({ shapes }) => shapes), height };
}

function placeFigure({ caption, chart }: Figure, room: Box, scale: number): Placed {
  switch (chart.kind) {
    case 'scores':
      return scoreBars(chart.bars, room, scale);
    case 'line': {
      const h = 2.7 * scale;
      const { series, xLabel } = chart;
      return {
        shapes: [{ kind: 'curve', ...room, h, series, xLabel, title: caption }],
        height: h,
      };
    }
    case 'strategies':
      return strategyPlot(chart.points, chart.axis, caption, room, 3 * scale);
    case 'lengths':
    case 'timeline':
      return { shapes: [], height: 0 };
  }
}

const LABEL = 2.4;
const VALUE = 1;

/** Shapes and not a chart, which has no whiskers of two lengths. */
function scoreBars(bars: readonly Bar[], room: Box, scale: number): Placed {
  const row = 0.36 * scale;
  const [left, span] = [room.x + LABEL, room.w - LABEL - VALUE];
  const size = Math.round(14 * scale);
  const shapes = bars.flatMap((bar, i): Shape[] => {
    const y = room.y + i * row;
    const middle = y + row / 2;
    const [from, to] = bar.interval.map((share) => left + share * span) as [number, number];
    const tick = (x: number): Shape => ({
      kind: 'line',
      x,
      y: middle - 0.06,
      w: 0,
      h: 0.12,
      color: COLORS.ink,
    });
    const text = { kind: 'text', y, h: row, size, align: 'right' } as const;
    return [
      { ...text, x: room.x, w: LABEL - 0.1, runs: [{ text: bar.label }] },
      {
        kind: 'rect',
        x: left,
        y: y + row * 0.15,
        w: Math.max(0.01, bar.value * span),
        h: row * 0.7,
        fill: COLORS[bar.kind],
      },
      { kind: 'line', x: from, y: middle, w: to - from, h: 0, color: COLORS.ink },
      tick(from),
      tick(to),
      {
        ...text,
        x: left + span,
        w: VALUE,
        runs: [{ text: `${(100 * bar.value).toFixed(1)} %`, bold: true }],
      },
    ];
  });
  return { shapes, height: bars.length * row };
}

const AXIS = 0.7;

function strategyPlot(
  points: readonly Strategy[],
  axis: AxisTexts,
  caption: string,
  room: Box,
  height: number,
): Placed {
  const [low, high] = niceRange(0, Math.max(...points.map(({ x }) => x)) || 1);
  const [top, bottom] = [room.y + 0.35, room.y + height - 0.6];
  const [left, right] = [room.x + AXIS, room.x + room.w - 0.5];
  const xOf = (value: number): number => left + ((value - low) / (high - low)) * (right - left);
  const yOf = (share: number): number => bottom - share * (bottom - top);
  const small = { kind: 'text', h: 0.25, size: 11 } as const;
  const rows = [0, 0.5, 1].flatMap((share): Shape[] => [
    { kind: 'line', x: left, y: yOf(share), w: right - left, h: 0, color: COLORS.line },
    {
      ...small,
      x: room.x,
      w: AXIS - 0.08,
      y: yOf(share) - 0.125,
      align: 'right',
      runs: [{ text: `${100 * share} %` }],
    },
  ]);
  const columns = ticks(low, high).map((value): Shape => {
    const runs = [{ text: formatTick(value) }];
    return { ...small, x: xOf(value) - 0.4, w: 0.8, y: bottom + 0.03, align: 'center', runs };
  });
  const dots = points.flatMap((one): Shape[] => {
    const [x, y] = [xOf(one.x), yOf(one.score)];
    const [from, to] = [yOf(one.interval[1]), yOf(one.interval[0])];
    return [
      { kind: 'line', x, y: from, w: 0, h: to - from, color: COLORS.ink },
      { kind: 'dot', x: x - 0.06, y: y - 0.06, w: 0.12, h: 0.12, fill: COLORS.after },
      { ...small, x: x + 0.08, y: y - 0.28, w: 0.3, runs: [{ text: one.mark, bold: true }] },
    ];
  });
  const words: Shape[] = [
    {
      ...small,
      x: room.x,
      y: room.y,
      w: room.w,
      size: 13,
      runs: [{ text: caption, color: COLORS.soft }],
    },
    {
      ...small,
      x: left,
      y: bottom + 0.28,
      w: right - left,
      align: 'right',
      runs: [{ text: axis.x, color: COLORS.soft }],
    },
  ];
  return { shapes: [...rows, ...columns, ...dots, ...words], height };
}
