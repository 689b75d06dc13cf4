/** Longer than a timer can be set to; nobody waits for it. */
const LONGEST_MS = 2 ** 31 - 1;

/** Rings once, at a time that may be set anew until then. */
export class Alarm {
  readonly rings: Promise<void>;
  #ring = (): void => undefined;
  #timer: NodeJS.Timeout | null = null;

  constructor() {
    this.rings = new Promise((resolve) => (this.#ring = resolve));
  }

  arm(ms: number): void {
    this.disarm();
    this.#timer = setTimeout(this.#ring, Math.min(ms, LONGEST_MS));
  }

  disarm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
