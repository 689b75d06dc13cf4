import { describe, expect, it } from 'vitest';
import {
  formatTick,
  linearScale,
  logarithmicScale,
  niceRange,
  powersOfTen,
  rangeOf,
  ticks,
} from '../../../src/report/charts/axes.js';

describe('axes', () => {
  it('put round ticks inside the range', () => {
    expect(ticks(0, 10)).toEqual([0, 2.5, 5, 7.5, 10]);
    expect(ticks(0.11, 0.42).map(formatTick)).toEqual(['0.2', '0.3', '0.4']);
    expect(ticks(0, 600)).toEqual([0, 200, 400, 600]);
  });

  it('widen a range to whole ticks, and down to zero when it begins near', () => {
    expect(niceRange(2.1, 14)).toEqual([0, 15]);
    expect(niceRange(11, 14)).toEqual([11, 14]);
    expect(rangeOf([3, 3])[0]).toBeLessThan(3);
    expect(rangeOf([0, 0])).toEqual([-1, 1]);
  });

  it('write small and large numbers for people', () => {
    expect([0, 0.3, 0.00001, 0.000025, 12_500].map(formatTick)).toEqual([
      '0',
      '0.3',
      '1×10⁻⁵',
      '2.5×10⁻⁵',
      '12.5k',
    ]);
  });

  it('place values in proportion, and by their power on a logarithmic axis', () => {
    expect(linearScale(0, 4, 10, 50).at(1)).toBe(20);
    const scale = logarithmicScale(0.02, 14, 0, 40);
    expect([scale.low, scale.high]).toEqual([0.01, 100]);
    expect(scale.at(1)).toBe(20);
    expect(powersOfTen(scale.low, scale.high)).toEqual([0.01, 0.1, 1, 10, 100]);
  });
});
