/** As many steps of each kind are looked at, the newest. */
const LAST = 200;
/** Of fewer nothing is said. */
const ENOUGH = 20;
/** Standard errors between the means: steps of many lengths differ by chance as well. */
const CLEARLY = 2;

/** How much slower steps are while a checkpoint is written or published beside them. */
export class Slowdown {
  readonly #busy: number[] = [];
  readonly #free: number[] = [];

  step(seconds: number, busy: boolean): void {
    const last = busy ? this.#busy : this.#free;
    last.push(seconds);
    if (last.length > LAST) last.shift();
  }

  /** The share of a second beside a checkpoint that training loses; 0 unless it clearly loses any. */
  get share(): number {
    if (Math.min(this.#busy.length, this.#free.length) < ENOUGH) return 0;
    const [busy, free] = [momentsOf(this.#busy), momentsOf(this.#free)];
    const slower = busy.mean - free.mean;
    if (slower <= CLEARLY * Math.sqrt(busy.errorSquared + free.errorSquared)) return 0;
    return slower / busy.mean;
  }
}

function momentsOf(values: readonly number[]): { mean: number; errorSquared: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, errorSquared: squares / (values.length - 1) / values.length };
}
