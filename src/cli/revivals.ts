/** A part that lived for so long before it ended has not ended at once. */
const AT_ONCE_MS = 60_000;
/** So many ends at once in a row are no chance. */
const ENOUGH = 3;

/** Counts how often the parts of a stack end: one that ends at once, again and again, is broken. */
export class Revivals {
  readonly #ends = new Map<string, { readonly inRow: number; readonly at: number }>();

  /** Whether the part that has just ended may be started again. */
  mayRevive(part: string, now: number): boolean {
    const last = this.#ends.get(part);
    const atOnce = last !== undefined && now - last.at < AT_ONCE_MS;
    const inRow = atOnce ? last.inRow + 1 : 1;
    this.#ends.set(part, { inRow, at: now });
    return inRow < ENOUGH;
  }
}
