import { describe, expect, it } from 'vitest';
import { htmlTable } from '../../src/report/html-table.js';

describe('table', () => {
  it('keeps a number of a title and its unit together', () => {
    const html = htmlTable(['Newcombe, 95 %'], [['1']]);
    expect(html).toContain('Newcombe, 95\u00a0%');
  });

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

  it.each([
    ['1 min 33 s', true],
    ['2 d 1 h', true],
    ['9.9 s', true],
    ['2 天 1 小时', true],
    ['1 分 33 秒', true],
    ['3 分钟后', false],
    ['h1', false],
    ['1 min late', false],
  ])('%s is a number: %s', (text, numeric) => {
    expect(htmlTable(['', ''], [['a', text]]).includes('class="number"')).toBe(numeric);
  });

  it('has no header when all titles are empty', () => {
    expect(htmlTable(['', ''], [['a', 1]])).not.toContain('thead');
  });
});
