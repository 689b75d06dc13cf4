import type { ChainState } from '../../store/fold-chain.js';

/** A host that lives for longer than this before it ends has not ended at once. */
const AT_ONCE_MS = 60_000;
/** So many in a row without one that took the work up: what ends them is no chance. */
const ENOUGH = 3;
/** After the third; each further one doubles it. */
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 900_000;

export interface BootsInVain {
  /** Started last; its log tells what ends them. */
  readonly host: string;
  /** Not before this is another one started. */
  readonly until: number;
}

/**
 * Hosts of a chain that ended at once, one after another, with nothing acquired since the first of
 * them: null when another one may be started. Asked while no host lives, so the last one is dead.
 */
export function bootsInVain(
  { boots, attempts }: Pick<ChainState, 'boots' | 'attempts'>,
  now: number,
): BootsInVain | null {
  const acquired = Math.max(0, ...attempts.map(({ at }) => Date.parse(at)));
  let inRow = 0;
  let last = 0;
  for (const { at } of boots) {
    const booted = Date.parse(at);
    if (booted < acquired) continue;
    inRow = booted - last < waitAfter(inRow) + AT_ONCE_MS ? inRow + 1 : 1;
    last = booted;
  }
  const host = boots.at(-1)?.host;
  const until = last + waitAfter(inRow);
  return host === undefined || until <= now ? null : { host, until };
}

function waitAfter(inRow: number): number {
  if (inRow < ENOUGH) return 0;
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (inRow - ENOUGH));
}
