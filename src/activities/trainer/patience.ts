import type { StageTiming } from '../deps.js';

/** Until it has shown its pace a trainer may load weights, or decode its first batch, for long. */
export function patienceMs(timing: StageTiming, usualMs: number | null): number {
  if (usualMs === null) return timing.startFloorMs;
  return Math.max(timing.hangFloorMs, timing.hangFactor * usualMs);
}

/** A look that comes later than this many periods was not late but asleep. */
const LATE_PERIODS = 5;

/** What a beat knows of the trainer's signs of progress. */
export interface Signs {
  lastSignAt: number;
  readonly secondsEach: number | null;
}

/**
 * Whether a trainer has been silent for too long, asked once a period. Time in which this process
 * did not run (a machine that slept, a stopped worker) is nobody's silence: what the trainer said
 * meanwhile is still unread when the timer comes, and it may have slept too.
 */
export class Patience {
  #lookedAt: number;

  constructor(
    private readonly timing: StageTiming,
    now: number,
  ) {
    this.#lookedAt = now;
  }

  isOver(signs: Signs, now: number): boolean {
    const gap = now - this.#lookedAt;
    this.#lookedAt = now;
    if (gap > LATE_PERIODS * this.timing.beatMs) {
      signs.lastSignAt = Math.min(now, signs.lastSignAt + gap);
    }
    const usualMs = signs.secondsEach === null ? null : signs.secondsEach * 1000;
    return now - signs.lastSignAt >= patienceMs(this.timing, usualMs);
  }
}
