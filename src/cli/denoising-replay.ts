import type { Revealed } from './denoising-canvas.js';

/** Steps that come again and again, as heartbeats tell them, each passed on once and in order. */
export class DenoisingReplay {
  #question = 0;
  #step = -1;

  constructor(private readonly take: (event: Revealed) => void) {}

  tell(reveals: readonly Revealed[]): void {
    for (const event of reveals) {
      const { question, step } = event;
      const known =
        question < this.#question || (question === this.#question && step <= this.#step);
      if (known) continue;
      this.#question = question;
      this.#step = step;
      this.take(event);
    }
  }
}
