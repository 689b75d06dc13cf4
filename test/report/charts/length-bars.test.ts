import { expect, test } from 'vitest';
import { lengthBars } from '../../../src/report/charts/length-bars.js';

const histogram = [
  { from: 0, to: 64, rows: 0 },
  { from: 64, to: 128, rows: 50 },
  { from: 128, to: 256, rows: 0 },
  { from: 256, to: null, rows: 1000 },
  { from: 512, to: null, rows: 0 },
];

test('draws a bar for each range from the shortest that occurs to the longest', () => {
  const drawn = lengthBars('t', histogram);
  const texts = [...drawn.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) => text);
  expect(texts).toEqual(['64 – 127', '50', '128 – 255', '0', '≥ 256', '1,000']);
  const widths = [...drawn.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, w]) => Number(w));
  expect(widths[1]).toBe(0);
  expect(widths[0]! / widths[2]!).toBeCloseTo(0.05, 3);
});

test('draws nothing where nothing was counted', () => {
  expect(lengthBars('t', [])).toBe('');
});
