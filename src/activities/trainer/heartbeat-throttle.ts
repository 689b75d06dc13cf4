/**
 * Which beats of a timer go to the server. Each costs a request (on Temporal Cloud, money), so there
 * are as few as leave room for a stall of half the timeout: with a sixth of it since the last
 * heartbeat (StageTiming), two thirds of it have passed, and a third is left for the next to arrive.
 */
export class HeartbeatThrottle {
  #sentAt = -Infinity;

  constructor(
    private readonly mostMs: number,
    private readonly periodMs: number,
  ) {}

  /** Whether this beat is to be sent: waiting for the next would be too long. */
  due(now: number): boolean {
    return now + this.periodMs - this.#sentAt > this.mostMs;
  }

  sent(now: number): void {
    this.#sentAt = now;
  }
}
