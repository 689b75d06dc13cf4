/** As many of the last are looked at; of so few the worst stands for the 95th percentile. */
const LAST = 20;
/** What holds now is told by fewer: a store that was slow for a while must not be held against it. */
const RECENT = 3;

/** What saving and publishing took in this attempt. */
export class CheckpointCost {
  readonly #saved: number[] = [];
  readonly #published: number[] = [];
  readonly #stalled: number[] = [];

  saved(seconds: number): void {
    note(this.#saved, seconds);
  }

  published(seconds: number): void {
    note(this.#published, seconds);
  }

  stalled(seconds: number): void {
    note(this.#stalled, seconds);
  }

  /** Null before the first. */
  get saveSeconds(): number | null {
    return worst(this.#saved);
  }

  get publishSeconds(): number | null {
    return worst(this.#published);
  }

  get recentSaveSeconds(): number | null {
    return worst(this.#saved.slice(-RECENT));
  }

  get recentPublishSeconds(): number | null {
    return worst(this.#published.slice(-RECENT));
  }

  /** The lower median: the first may cost several times as much, as its memory is new. */
  get stallSeconds(): number | null {
    const sorted = [...this.#stalled].sort((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
  }
}

function note(last: number[], seconds: number): void {
  last.push(Math.max(0, seconds));
  if (last.length > LAST) last.shift();
}

const worst = (last: readonly number[]): number | null =>
  last.length === 0 ? null : Math.max(...last);
