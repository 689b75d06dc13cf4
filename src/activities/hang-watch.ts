import type { TrainerEvent } from '../contracts/events.js';
import type { StageTiming } from './deps.js';

/** How long a trainer may be silent: until it has shown its pace long, then a multiple of it. */
export class HangWatch {
  #lastEvent: number;
  #lastPace: number | null = null;
  #gaps: number[] = [];
  #done = false;

  constructor(
    private readonly timing: StageTiming,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.#lastEvent = clock();
  }

  saw(event: TrainerEvent): void {
    this.#lastEvent = this.clock();
    if (event.type === 'result') this.#done = true;
    if (event.type !== 'step' && event.type !== 'answers') return;
    if (this.#lastPace !== null) this.#gaps = [...this.#gaps, this.#lastEvent - this.#lastPace].slice(-20);
    this.#lastPace = this.#lastEvent;
  }

  /** Usual milliseconds between two steps or batches; null until there were two. */
  usual(): number | null {
    const sorted = [...this.#gaps].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }

  hangs(): boolean {
    const { startFloorMs, hangFloorMs, hangFactor } = this.timing;
    const usual = this.usual();
    const limit =
      usual === null || this.#done ? startFloorMs : Math.max(hangFloorMs, hangFactor * usual);
    return this.clock() - this.#lastEvent > limit;
  }
}
