import { lengthBars } from '../charts/length-bars.js';
import { lineChart } from '../charts/line-chart.js';
import { scoreBars } from '../charts/score-bars.js';
import { strategyPlot } from '../charts/strategy-plot.js';
import { timeline } from '../charts/timeline.js';
import type { Figure } from '../content/blocks.js';
import { escapeHtml } from '../escape.js';

function svgOf({ caption, chart }: Figure): string {
  switch (chart.kind) {
    case 'line':
      return lineChart(chart.series, chart.xLabel);
    case 'scores':
      return scoreBars(caption, chart.bars);
    case 'lengths':
      return lengthBars(caption, chart.histogram);
    case 'timeline':
      return timeline(caption, chart.spans, chart.units);
    case 'strategies':
      return strategyPlot(caption, chart.points, chart.axis);
  }
}

/** Several stand beside each other where there is room. */
export function figuresHtml(figures: readonly Figure[]): string {
  const all = figures.map((figure) => {
    const caption = figure.caption && `<figcaption>${escapeHtml(figure.caption)}</figcaption>`;
    return `<figure>${caption}${svgOf(figure)}</figure>`;
  });
  return all.length > 1 ? `<div class="charts">${all.join('')}</div>` : all.join('');
}
