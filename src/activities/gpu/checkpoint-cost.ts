/** As many of the last are looked at; of so few the worst stands for the 95th percentile. */
const LAST = 20;

/** What saving and publishing took in this attempt. */
export class CheckpointCost {
  readonly #saved: number[] = [];
  readonly #published: number[] = [];

  saved(seconds: number): void {
    note(this.#saved, seconds);
  }

  published(seconds: number): void {
    note(this.#published, seconds);
  }

  /** Null before the first. */
  get saveSeconds(): number | null {
    return worst(this.#saved);
  }

  get publishSeconds(): number | null {
    return worst(this.#published);
  }
}

function note(last: number[], seconds: number): void {
  last.push(Math.max(0, seconds));
  if (last.length > LAST) last.shift();
}

const worst = (last: readonly number[]): number | null =>
  last.length === 0 ? null : Math.max(...last);
