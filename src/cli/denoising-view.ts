import type { SamplingConfig } from '../contracts/sampling.js';
import { Canvas, type Revealed } from './denoising-canvas.js';
import { type CanvasLine, canvasLines, LEGEND, stepLine } from './denoising-lines.js';

/** What a view needs of a terminal, or of a pipe (`isTTY` is not set). */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const COLUMNS = 80;
const ROWS = 24;

/** The denoising as it happens: a canvas drawn in place, or in a pipe a line for each step. */
export class DenoisingView {
  #canvas: Canvas;
  #question = -1;
  #drawn = 0;

  constructor(
    private readonly screen: Screen,
    private readonly questions: readonly string[],
    private readonly order: SamplingConfig['order'],
  ) {
    this.#canvas = new Canvas(order);
    if (screen.isTTY) screen.write(`${LEGEND}\n`);
  }

  take(event: Revealed): void {
    if (event.question !== this.#question) this.#begin(event.question);
    this.#canvas.take(event);
    if (this.screen.isTTY) this.#draw(event);
    else {
      const line = stepLine(event, this.order, this.#canvas.decided);
      this.screen.write(`${line}\n`);
    }
  }

  /** What was drawn stays; a question's canvas comes below it. */
  #begin(question: number): void {
    this.#question = question;
    this.#canvas = new Canvas(this.order);
    this.#drawn = 0;
    this.screen.write(`\n${this.questions[question] ?? ''}\n`);
  }

  #draw({ step, canvas }: Revealed): void {
    // The last column stays free: a terminal that has just filled it wraps in its own way.
    const width = Math.max(2, (this.screen.columns ?? COLUMNS) - 1);
    const height = Math.max(1, (this.screen.rows ?? ROWS) - 2);
    const lines = cut(canvasLines(this.#canvas.cells, width), height);
    const status = `step ${step + 1}, ${this.#canvas.decided} of ${canvas} decided`;
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : '';
    this.screen.write(`${up}\r\u001b[J${[...lines, status].join('\n')}\n`);
    this.#drawn = lines.length + 1;
  }
}

/** The cursor cannot go above the screen: of a long canvas the lines around the newest tokens. */
function cut(lines: readonly CanvasLine[], height: number): string[] {
  const newest = lines.findLastIndex(({ fresh }) => fresh);
  const last = Math.min(lines.length, Math.max(newest + 1 + Math.floor(height / 2), height));
  return lines.slice(Math.max(0, last - height), last).map(({ text }) => text);
}
