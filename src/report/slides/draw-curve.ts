import type PptxGenJS from 'pptxgenjs';
import { logarithmicScale, niceRange, rangeOf, ticks } from '../charts/axes.js';
import { isWide } from '../charts/line-chart.js';
import { COLORS, type CurveShape } from './shapes.js';

type PptxSlide = ReturnType<PptxGenJS.default['addSlide']>;

/** More points than a slide has room for only make the file slow. */
const POINTS = 200;

/**
 * As a chart that can be edited. Steps are numbers on an axis, not names of categories: of those
 * LibreOffice labels more than have room, whatever the file asks for.
 */
export function drawCurve(page: PptxSlide, shape: CurveShape, fontFace: string): void {
  const { series, title, xLabel, x, y, w, h } = shape;
  const every = Math.max(1, Math.ceil(series.points.length / POINTS));
  const points = series.points.filter(([, value], i) => i % every === 0 && Number.isFinite(value));
  if (points.length === 0) return;
  const data = [
    { name: xLabel, values: points.map(([step]) => step) },
    { name: title, values: points.map(([, value]) => value) },
  ];
  page.addChart('scatter', data, {
    ...{ x, y, w, h },
    ...titled(title, fontFace),
    ...stepAxis(data[0]!.values),
    ...(isWide(series) ? powersAxis(data[1]!.values) : {}),
    chartColors: [COLORS.after],
    lineSize: 2,
    lineDataSymbol: 'none',
    catAxisLabelFontSize: 10,
    valAxisLabelFontSize: 10,
    valGridLine: { color: COLORS.line, size: 0.5 },
    catGridLine: { style: 'none' },
  });
}

const titled = (title: string, fontFace: string) => ({
  ...{ showTitle: true, title, titleFontFace: fontFace },
  ...{ titleFontSize: 13, titleColor: COLORS.soft },
});

/** A label at each round number, the other axis at its beginning. */
function stepAxis(steps: readonly number[]) {
  const [low, high] = niceRange(...rangeOf(steps));
  const [first = low, second = high] = ticks(low, high);
  return {
    ...{ catAxisMinVal: low, catAxisMaxVal: high, catAxisCrossesAt: low },
    catAxisMajorUnit: second - first,
  };
}

/** As on the page, where a straight axis would press most of the values flat. */
function powersAxis(values: readonly number[]) {
  const { low, high } = logarithmicScale(...rangeOf(values), 0, 1);
  return {
    ...{ valAxisLogScaleBase: 10, valAxisMinVal: low, valAxisMaxVal: high },
    valAxisCrossesAt: low,
  };
}
