import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { TrainerEvent } from '../contracts/events.js';
import type { TrainerExit, TrainerOptions } from './trainer.js';

type Heard = Pick<TrainerExit, 'result' | 'lastError' | 'logTail'>;

const TAIL_LINES = 20;

/**
 * Takes the lines of a trainer apart: events to their listener, all else to the log file. Nothing
 * here throws: a full disk or a listener's defect must not end the worker, and so the training.
 */
export class TrainerOutput {
  readonly #file: WriteStream;
  readonly #tail: string[] = [];
  #result: Heard['result'] = null;
  #lastError: Heard['lastError'] = null;
  #fileFailed = false;

  constructor(private readonly options: TrainerOptions) {
    mkdirSync(dirname(options.logFile), { recursive: true });
    this.#file = createWriteStream(options.logFile, { flags: 'a' });
    this.#file.on('error', (error) => {
      if (this.#fileFailed) return;
      this.#fileFailed = true;
      this.#keep(`the log ${options.logFile} cannot be written: ${error.message}`);
    });
  }

  event(line: string): void {
    const event = parseEvent(line);
    if (event === null) return this.log(`not an event: ${line.slice(0, 200)}`);
    if (event.type === 'result') this.#result = event;
    if (event.type === 'error') this.#lastError = event;
    try {
      this.options.onEvent(event);
    } catch (error) {
      this.log(`defect while handling a ${event.type} event: ${String(error)}`);
    }
  }

  log(line: string): void {
    if (!this.#fileFailed) this.#file.write(`${line}\n`);
    this.#keep(line);
  }

  async end(): Promise<Heard> {
    await new Promise<void>((resolve) => {
      if (this.#file.closed || this.#fileFailed) return resolve();
      this.#file.once('close', resolve);
      this.#file.end();
    });
    return { result: this.#result, lastError: this.#lastError, logTail: this.#tail };
  }

  #keep(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
    try {
      this.options.onLogLine(line);
    } catch {
      // The line is in the file already.
    }
  }
}

function parseEvent(line: string): TrainerEvent | null {
  try {
    const parsed = TrainerEvent.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
