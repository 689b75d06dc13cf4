import { describe, expect, it } from 'vitest';
import { isWide, lineChart, runningMean } from '../../../src/report/charts/line-chart.js';

describe('line chart', () => {
  it('draws nothing without points and survives a flat line', () => {
    expect(lineChart({ label: 'x', points: [] }, 'step')).toBe('');
    const points = [0, 1].map((x) => [x, 1] as const);
    const flat = lineChart({ label: 'a < b', points }, 'step');
    expect(flat).toContain('<title>a &lt; b</title>');
    expect(flat).not.toContain('NaN');
  });

  it('lays the running mean over pale points', () => {
    const points = [2, 4, 9].map((y, x) => [x, y] as const);
    expect(runningMean(points, 2)).toEqual([
      [0, 2],
      [1, 3],
      [2, 6.5],
    ]);
    const drawn = lineChart({ label: 'l', points, meanOver: 2, marks: [1] }, 'step');
    expect(drawn.match(/<polyline class="line( pale)?"/g)).toHaveLength(2);
    expect(drawn.match(/class="mark"/g)).toHaveLength(1);
  });

  it('takes a logarithmic axis only when asked, for positive values far apart', () => {
    const points = [14, 0.01].map((y, x) => [x, y] as const);
    expect(isWide({ points })).toBe(false);
    expect(isWide({ points, logarithmicWhenWide: true })).toBe(true);
    expect(isWide({ points: [...points, [2, 0]], logarithmicWhenWide: true })).toBe(false);
    expect(isWide({ points: [[0, 2], ...points.slice(0, 1)], logarithmicWhenWide: true })).toBe(
      false,
    );
  });

  it('has room for the longest label beside its axis', () => {
    const points = [0, 7.6e-4].map((y, x) => [x, y] as const);
    const drawn = lineChart({ label: 'l', points }, 'step');
    const labels = [
      ...drawn.matchAll(/<text x="([\d.]+)"[^>]*text-anchor="end"[^>]*>([^<]+⁻[^<]+)</g),
    ];
    expect(labels.length).toBeGreaterThan(1);
    // 7 px a character at a size of 12 px.
    for (const [, x, text] of labels) expect(Number(x) - 7 * text!.length).toBeGreaterThan(0);
  });
});
