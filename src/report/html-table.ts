import { escapeHtml } from './escape.js';

/** Cells of numbers stand on the right. */
export function htmlTable(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const numeric = header.map((_, i) => rows.every((row) => typeof row[i] === 'number'));
  const cell = (tag: 'th' | 'td', value: string | number, i: number): string =>
    `<${tag}${numeric[i] ? ' class="number"' : ''}>${escapeHtml(String(value))}</${tag}>`;
  const head = header.map((title, i) => cell('th', title, i)).join('');
  const body = rows
    .map((row) => `<tr>${row.map((v, i) => cell('td', v, i)).join('')}</tr>`)
    .join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}
