const SMOOTHING = 0.1;
/** A look that comes later than this many periods was not late but asleep. */
const LATE_PERIODS = 5;

/**
 * How fast a trainer works and when it last gave a sign of progress, looked at once a period. Time in
 * which this process did not run (a machine that slept, a stopped worker) is neither the pace of a
 * step nor anybody's silence: what the trainer said meanwhile may still be unread when the timer
 * comes, and it may have slept too.
 */
export class Pace {
  #lookedAt: number;
  #lastSignAt: number;
  #lastDone: { readonly done: number; readonly at: number } | null = null;
  #secondsEach: number | null = null;

  constructor(
    private readonly periodMs: number,
    now: number,
  ) {
    this.#lookedAt = now;
    this.#lastSignAt = now;
  }

  /** Usual seconds of a step or batch, smoothed; null until there were two. */
  get secondsEach(): number | null {
    return this.#secondsEach;
  }

  /** Milliseconds since the last sign of progress, as far as anybody was awake. */
  silentMs(now: number): number {
    this.look(now);
    return now - this.#lastSignAt;
  }

  look(now: number): void {
    const gap = now - this.#lookedAt;
    this.#lookedAt = now;
    if (gap <= LATE_PERIODS * this.periodMs) return;
    this.#lastSignAt = Math.min(now, this.#lastSignAt + gap);
    if (this.#lastDone) this.#lastDone = { ...this.#lastDone, at: this.#lastDone.at + gap };
  }

  sign(now: number): void {
    this.look(now);
    this.#lastSignAt = now;
  }

  measure(done: number, now: number): void {
    this.sign(now);
    const before = this.#lastDone;
    this.#lastDone = { done, at: now };
    if (!before || done <= before.done) return;
    const each = Math.max(0, now - before.at) / 1000 / (done - before.done);
    const known = this.#secondsEach ?? each;
    this.#secondsEach = known + SMOOTHING * (each - known);
  }

  /** What comes now, as saving a model after the last step, has no pace. */
  forget(): void {
    this.#secondsEach = null;
  }
}
