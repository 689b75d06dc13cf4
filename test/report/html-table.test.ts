import { describe, expect, it } from 'vitest';
import { htmlTable } from '../../src/report/html-table.js';

describe('table', () => {
  it('puts columns of numbers on the right, units and ranges too', () => {
    const html = htmlTable(
      ['Host', '¥', 'Interval', 'Steps'],
      [
        ['local-1', '¥0.04', '3.8 % – 10.8 %', 1000],
        ['a<b', '¥1.20', '–', 2],
      ],
    );
    expect(html).toContain('<td>local-1</td><td class="number">¥0.04</td>');
    expect(html).toContain('<td class="number">3.8 % – 10.8 %</td><td class="number">1,000</td>');
    expect(html).toContain('<td>a&lt;b</td>');
  });

  it('has no header when all titles are empty', () => {
    expect(htmlTable(['', ''], [['a', 1]])).not.toContain('thead');
  });
});
