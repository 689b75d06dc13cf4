import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import stringWidth from 'string-width';

/** ✔ and ▶ are emoji only when told so (U+FE0F); without it a terminal gives them one cell. */
const TEXT_EMOJI =
  /(?!\p{Emoji_Presentation})\p{Emoji}(?!\uFE0F|\u200D|\u20E3|\p{Emoji_Modifier})/gu;

/** Cells of a terminal that a text takes, colours not counted. */
export const cellsOf = (text: string): number =>
  stringWidth(stripVTControlCharacters(text).replace(TEXT_EMOJI, 'x'));

/** Column widths count cells, not characters, so that Chinese text aligns. */
export function padCells(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cellsOf(text)));
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, i) =>
    Math.max(cellsOf(title), ...rows.map((row) => cellsOf(row[i] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => padCells(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [pc.bold(line(header)), ...rows.map(line)].join('\n');
}

const LOOKS: Readonly<Record<string, { mark: string; colour: (text: string) => string }>> = {
  finished: { mark: '✔', colour: pc.green },
  running: { mark: '▶', colour: pc.cyan },
  'awaiting-approval': { mark: '?', colour: pc.yellow },
  pausing: { mark: '‖', colour: pc.yellow },
  paused: { mark: '‖', colour: pc.yellow },
  stopped: { mark: '■', colour: pc.yellow },
  failed: { mark: '✘', colour: pc.red },
  cancelled: { mark: '✘', colour: pc.magenta },
  waiting: { mark: '·', colour: pc.dim },
};

/** A status as mark and word: the colour never carries the meaning alone. */
export function statusText(status: string, words = status): string {
  const look = LOOKS[status] ?? { mark: ' ', colour: (text: string) => text };
  return look.colour(`${look.mark} ${words}`);
}

/** `1 step`, `2 steps`, `no steps`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number === 0 ? 'no' : number} ${number === 1 ? one : many}`;
}

/** `2026-11-24 19:45`, on the clock of the reader. */
export function localTime(at: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

export { duration } from '../contracts/duration.js';
export { yuan as money } from '../contracts/money.js';

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export function bar(done: number, total: number, width = 24): string {
  const filled = total > 0 ? Math.min(width, Math.floor((width * done) / total)) : 0;
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
}

/** The document on stdout and nothing else; prose of the same command is muted. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
