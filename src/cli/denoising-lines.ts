import pc from 'picocolors';
import { type Cell, type Level, levelOf, type Revealed, sureness } from './denoising-canvas.js';
import { cellsOf } from './output.js';
import type { SamplingConfig } from '../contracts/sampling.js';

const MASK = '·';
const END = '∎';
const NEW_LINE = '⏎';

interface Look {
  /** The colour never carries the meaning alone. */
  readonly mark: string;
  readonly colour: (text: string) => string;
}

const LOOKS: Readonly<Record<Level, Look>> = {
  sure: { mark: '', colour: pc.green },
  likely: { mark: '~', colour: pc.yellow },
  unsure: { mark: '?', colour: pc.red },
  unasked: { mark: '', colour: (text) => text },
};

export const LEGEND =
  `${pc.dim(MASK)} masked  ${pc.green('sure, 90 % and more')}  ` +
  `${pc.yellow('likely')}~  ${pc.red('unsure, below 50 %')}?  ` +
  `${pc.bold(pc.underline('new'))}  ${pc.dim(END)} end`;

/** Special tokens are spelt out in events; an end of text would fill the screen. */
const SPECIAL = /^<\|[^<>|\s]{1,40}\|>$/;

const segments = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Control characters would move the cursor; a replaced byte of half a character stays visible. */
function shown(text: string): string {
  if (SPECIAL.test(text)) return END;
  return text
    .replaceAll('\r', '')
    .replaceAll('\t', ' ')
    .replace(/(?!\n)\p{Cc}/gu, '\ufffd');
}

export interface CanvasLine {
  readonly text: string;
  /** Holds something that the newest step revealed. */
  readonly fresh: boolean;
}

/** The canvas in lines of at most `width` cells of a terminal, wide characters whole. */
export function canvasLines(cells: readonly (Cell | null)[], width: number): CanvasLine[] {
  const lines = new Lines(width);
  for (const cell of cells) {
    if (cell === null) lines.put(MASK, pc.dim, false);
    else putCell(lines, cell);
  }
  return lines.end();
}

function putCell(lines: Lines, { text, sure, fresh }: Cell): void {
  const look = LOOKS[levelOf(sure)];
  const visible = shown(text);
  const dressed = (part: string): string => {
    const coloured = visible === END ? pc.dim(part) : look.colour(part);
    return fresh ? pc.bold(pc.underline(coloured)) : coloured;
  };
  for (const { segment } of segments.segment(visible)) {
    if (segment !== '\n') lines.put(segment, dressed, fresh);
    else {
      lines.put(NEW_LINE, pc.dim, fresh);
      lines.next();
    }
  }
  if (look.mark !== '' && visible !== END) lines.put(look.mark, look.colour, fresh);
}

class Lines {
  readonly #done: CanvasLine[] = [];
  #text = '';
  #used = 0;
  #fresh = false;

  constructor(private readonly width: number) {}

  put(part: string, dress: (text: string) => string, fresh: boolean): void {
    const cells = cellsOf(part);
    if (this.#used > 0 && this.#used + cells > this.width) this.next();
    this.#text += dress(part);
    this.#used += cells;
    this.#fresh ||= fresh;
  }

  next(): void {
    this.#done.push({ text: this.#text, fresh: this.#fresh });
    this.#text = '';
    this.#used = 0;
    this.#fresh = false;
  }

  end(): CanvasLine[] {
    if (this.#used > 0) this.next();
    return this.#done;
  }
}

/** One step in one line, for a pipe: `step 3, 4 of 24 decided: 7 "4" 98 %, 8 "2" 61 %~`. */
export function stepLine(event: Revealed, order: SamplingConfig['order'], decided: number): string {
  const tokens = event.tokens.map(({ position, text, confidence }) => {
    if (text === null) return `${position} masked again`;
    const sure = sureness(order, confidence);
    const share = sure === null ? '' : ` ${Math.round(100 * sure)} %${LOOKS[levelOf(sure)].mark}`;
    return `${position} ${JSON.stringify(text)}${share}`;
  });
  return `step ${event.step + 1}, ${decided} of ${event.canvas} decided: ${tokens.join(', ')}`;
}
