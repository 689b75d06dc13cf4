import { describe, expect, it } from 'vitest';
import { UNITS } from '../../../src/contracts/duration.js';
import { timeline, timeUnit } from '../../../src/report/charts/timeline.js';

describe('timeline', () => {
  it('counts in the unit that is read best', () => {
    expect([90, 600, 400_000].map((seconds) => timeUnit(seconds).name)).toEqual(['s', 'min', 'h']);
  });

  it('draws one block a stage and one a gap, none beyond the end of its stage', () => {
    const span = { label: 'a', from: 0, to: 100, kind: 'good', note: '100 s' } as const;
    const drawn = timeline('t', [{ ...span, gaps: [[90, 130]] }], UNITS.en);
    const blocks = [...drawn.matchAll(/<rect class="(\w+)" x="([\d.]+)" y="8" width="([\d.]+)"/g)];
    expect(blocks.map(([, look]) => look)).toEqual(['good', 'gap']);
    const ends = blocks.map(([, , x, width]) => Number(x) + Number(width));
    expect(ends[1]).toBeCloseTo(ends[0] ?? 0, 5);
    expect(timeline('t', [], UNITS.en)).toBe('');
  });

  it('names the unit in the language of the report', () => {
    const span = { label: 'a', from: 0, to: 7200, kind: 'good', note: '', gaps: [] } as const;
    expect(timeline('t', [span], UNITS.zh)).toContain('>100 分</text>');
  });
});
