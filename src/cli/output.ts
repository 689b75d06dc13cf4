import pc from 'picocolors';
import stringWidth from 'string-width';

/** Column widths count cells, not characters, so that Chinese text aligns. */
export function padCells(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, i) =>
    Math.max(stringWidth(title), ...rows.map((row) => stringWidth(row[i] ?? ''))),
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
export function statusText(status: string): string {
  const look = LOOKS[status] ?? { mark: ' ', colour: (text: string) => text };
  return look.colour(`${look.mark} ${status}`);
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

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
