/** Of the silence after which a host is lost: 5 s of 30 s, 0.83 s of 5 s. */
const SHARE = 1 / 6;

/**
 * Which beats of a timer go to the server. Each costs a request (on Temporal Cloud, money), so there
 * are as few as leave room for a stall of half the timeout: with SHARE of it since the last heartbeat,
 * two thirds of it have passed, and a third is left for the next one to arrive.
 */
export class HeartbeatThrottle {
  #sentAt = -Infinity;

  constructor(
    private readonly timeoutMs: number,
    private readonly periodMs: number,
  ) {}

  /** Whether this beat is to be sent: waiting for the next would be longer than the share. */
  due(now: number): boolean {
    return now + this.periodMs - this.#sentAt > this.timeoutMs * SHARE;
  }

  sent(now: number): void {
    this.#sentAt = now;
  }
}
