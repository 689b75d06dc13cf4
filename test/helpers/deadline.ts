import { setTimeout as sleep } from 'node:timers/promises';

type Found<T> = Exclude<T, false | null | undefined>;

/** Looks until it finds something; a generous deadline only ends a test that would never end. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  withinMs = 90_000,
): Promise<Found<T>> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(40)) {
    const seen = await look();
    if (seen) return seen as Found<T>;
  }
  throw new Error(`never came true: ${what}`);
}
