import { setTimeout as sleep } from 'node:timers/promises';
import type { TrainerEvent } from '../contracts/events.js';

/** Asks a process whether it runs. What it wrote before it was asked is no answer. */
export class Pings {
  readonly #asked = new Map<number, () => void>();
  #next = 1;

  /** Whether the event answers a question, and is nobody else's business. */
  take(event: TrainerEvent): boolean {
    if (event.type !== 'pong') return false;
    this.#asked.get(event.id)?.();
    return true;
  }

  /** True when it answers in time, or has ended. */
  async ask(
    write: (line: string) => void,
    ended: Promise<unknown>,
    withinMs: number,
  ): Promise<boolean> {
    const id = this.#next++;
    const late = new AbortController();
    const answered = new Promise<true>((resolve) => this.#asked.set(id, () => resolve(true)));
    write(`ping ${id}\n`);
    try {
      return await Promise.race([
        answered,
        ended.then(() => true),
        sleep(withinMs, false, { signal: late.signal }),
      ]);
    } finally {
      late.abort();
      this.#asked.delete(id);
    }
  }
}
