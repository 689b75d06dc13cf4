import { setTimeout as sleep } from 'node:timers/promises';

/** Ends only what would never come true: a busy machine is slow, not wrong. */
const WITHIN_MS = 60_000;

/** Waits for something to become true; what a test asserts is that, and never how long it took. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
): Promise<Exclude<T, false | null | undefined>> {
  for (const end = Date.now() + WITHIN_MS; Date.now() < end; await sleep(20)) {
    const seen = await look();
    if (seen) return seen as Exclude<T, false | null | undefined>;
  }
  throw new Error(`never came true: ${what}`);
}
