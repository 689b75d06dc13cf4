/**
 * How long another host has not renewed its record. Clocks of two hosts differ, so that only the first
 * look compares them, and never says more than `timeoutMs`; from then on a renewal is a change.
 */
export class Renewals {
  #last: string | null = null;
  #changedAt = 0;

  constructor(private readonly timeoutMs: number) {}

  /** What a look shows; `now` never goes back, `wall` is this host's clock. */
  see(renewedAt: string, now: number, wall: number): void {
    if (renewedAt === this.#last) return;
    const age = this.#last === null ? wall - Date.parse(renewedAt) : 0;
    this.#last = renewedAt;
    this.#changedAt = now - Math.min(Math.max(0, age), this.timeoutMs);
  }

  /** Nothing could be seen: whether there was a renewal meanwhile nobody knows. */
  blind(now: number): void {
    this.#changedAt = now;
  }

  isOver(now: number): boolean {
    return now - this.#changedAt >= this.timeoutMs;
  }
}
