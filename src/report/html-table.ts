import { UNITS } from '../contracts/duration.js';
import { escapeHtml } from './escape.js';

type Cell = string | number;

/** Numbers with sign and unit, as ¥1.20, −0.8, < 0.001, 0.2 % – 5.4 %, 1 min 33 s; a lone dash stands for a missing one. */
const UNIT = Object.values(UNITS)
  .flatMap((units) => Object.values(units))
  .join('|');
const NUMERIC = new RegExp(`^[–¥\\d.,\\s%/<+−-]+(?:(?:${UNIT})(?: \\d+ (?:${UNIT}))?)?$`);
const isNumeric = (cell: Cell | undefined): boolean =>
  typeof cell === 'number' || (cell !== undefined && NUMERIC.test(cell));

/** Columns of numbers stand on the right; a header of empty titles is left out. */
export function htmlTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  look = '',
): string {
  const numeric = header.map((_, i) => rows.every((row) => isNumeric(row[i])));
  const cell = (tag: 'th' | 'td', value: Cell, i: number): string => {
    const text = typeof value === 'number' ? value.toLocaleString('en-US') : value;
    return `<${tag}${numeric[i] ? ' class="number"' : ''}>${escapeHtml(text)}</${tag}>`;
  };
  // A title that wraps keeps a number and its unit together.
  const titles = header.map((title, i) => cell('th', title.replace(/ %/g, '\u00a0%'), i)).join('');
  const head = header.some((title) => title !== '') ? `<thead><tr>${titles}</tr></thead>` : '';
  const body = rows
    .map((row) => `<tr>${row.map((v, i) => cell('td', v, i)).join('')}</tr>`)
    .join('');
  return `<table${look ? ` class="${look}"` : ''}>${head}<tbody>${body}</tbody></table>`;
}
