/** What sets a checkpoint apart from others of its chain; all of it is missing without validation. */
export interface Marks {
  /** Lowest fixed-noise validation loss so far in its run. */
  readonly best?: boolean;
  readonly endsEpoch?: boolean;
  /** Validation loss of these very weights. */
  readonly nll?: number;
}

type Told = { readonly [K in keyof Marks]?: Marks[K] | null | undefined };

/** Only what is there, so that entries of runs without validation stay as they are. */
export function marksOf({ best, endsEpoch, nll }: Told): Marks {
  return {
    ...(best ? { best } : {}),
    ...(endsEpoch ? { endsEpoch } : {}),
    ...(nll == null ? {} : { nll }),
  };
}

/**
 * Of checkpoints in the order of their making: those that rotation keeps, however old. The best by
 * validation is the last that was called so: each of them beat all before it.
 */
export function markedOf<M extends { readonly marks: Marks }>(inOrder: readonly M[]): M[] {
  const best = bestOf(inOrder);
  return inOrder.filter((one) => one === best || one.marks.endsEpoch === true);
}

/** The best by validation; null where nothing was validated. */
export function bestOf<M extends { readonly marks: Marks }>(inOrder: readonly M[]): M | null {
  return inOrder.findLast(({ marks }) => marks.best === true) ?? null;
}
