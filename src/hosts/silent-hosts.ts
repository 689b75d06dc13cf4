import { readHostRecords } from '../store/host-records.js';
import { openStore } from '../store/open-store.js';

/** More than a start takes on a machine that is busy with everything else. */
const SILENT_MS = 120_000;
/** Whoever looks may have slept too, with all hosts: of such a gap no more is counted. */
const LONGEST_GAP_MS = 5000;

interface Watched {
  readonly sign: string;
  readonly seenAt: number;
  readonly silentMs: number;
}

/**
 * Tells hosts whose process lives but does nothing: one that hangs in its start, or that somebody
 * stopped. Only what is seen from look to look counts, by this process's own clock.
 */
export class SilentHosts {
  readonly #watched = new Map<string, Watched>();

  /** `sign` is anything that changes while the host works; `nowMs` never goes back. */
  isSilent(id: string, sign: string, nowMs: number): boolean {
    const before = this.#watched.get(id);
    const same = before?.sign === sign;
    const gap = same ? Math.min(nowMs - before.seenAt, LONGEST_GAP_MS) : 0;
    const silentMs = same ? before.silentMs + gap : 0;
    this.#watched.set(id, { sign, seenAt: nowMs, silentMs });
    return silentMs >= SILENT_MS;
  }
}

/** By host, what all workers of this machine renew in the store of its home, whatever their plan's is. */
export async function signsOfLife(home: string): Promise<ReadonlyMap<string, string>> {
  const records = await readHostRecords(await openStore({ kind: 'local' }, home));
  return new Map(records.map(({ id, renewedAt }) => [id, renewedAt]));
}
