import { identityOf } from '../../contracts/journal.js';
import type { StageNews } from '../../contracts/state.js';

const QUIET_MS = 30_000;
const SIGNALS_PER_STAGE = 250;
/** Of a stage whose length nobody knows: the longer it has gone on, the rarer a sign of life. */
const PART_OF_ITS_AGE = 50;
/** Changes that are told at once before others wait for their turn, one each quiet while. */
const AT_ONCE = 30;
/** A signal stays small, also when a supervisor has just been started again. */
const POST_MORTEMS = 200;

/**
 * Signals at once on a change, else seldom enough for a history of days. Hosts may be lost every few
 * seconds for hours: then changes share signals, since each costs the plan five events for ever.
 */
export class Teller {
  #begun: number | null = null;
  #last: { readonly news: StageNews; readonly key: string; readonly at: number } | null = null;
  #left = AT_ONCE;
  #refilledAt = 0;
  readonly #told = new Set<string>();

  constructor(
    private readonly signal: (news: StageNews) => Promise<void>,
    private readonly expectedSeconds: number | null | undefined,
  ) {}

  async tell(news: StageNews): Promise<void> {
    const at = Date.parse(news.at);
    const key = changeKey(news);
    if (!this.#isDue(news, key, at)) return;
    const untold = news.postMortems.filter((one) => !this.#told.has(identityOf(one)));
    const postMortems = untold.slice(-POST_MORTEMS);
    await this.signal({ ...news, postMortems });
    if (this.#last !== null && this.#last.key !== key) this.#left = Math.max(0, this.#left - 1);
    for (const one of untold) this.#told.add(identityOf(one));
    this.#last = { news, key, at };
  }

  #isDue(news: StageNews, key: string, at: number): boolean {
    const quietMs = this.#quietMs(at);
    this.#refill(at, quietMs);
    if (this.#last === null || at - this.#last.at >= quietMs) return true;
    if (this.#last.key === key) return false;
    // Money is the one thing that does not wait.
    return this.#left > 0 || news.capReached !== this.#last.news.capReached;
  }

  #quietMs(at: number): number {
    this.#begun ??= at;
    const long = this.expectedSeconds
      ? (this.expectedSeconds * 1000) / SIGNALS_PER_STAGE
      : (at - this.#begun) / PART_OF_ITS_AGE;
    return Math.max(QUIET_MS, long);
  }

  #refill(at: number, quietMs: number): void {
    if (this.#refilledAt === 0) this.#refilledAt = at;
    const turns = Math.floor((at - this.#refilledAt) / quietMs);
    if (turns === 0) return;
    this.#left = Math.min(AT_ONCE, this.#left + turns);
    this.#refilledAt = at;
  }
}

/** What counts as a change; steps and loss do not, they are read live from the heartbeat details. */
function changeKey(news: StageNews): string {
  const { attempts, activityState, host, waitingFor, interruptions, capReached } = news;
  const published = news.publishedStep !== null;
  return JSON.stringify([
    attempts,
    activityState,
    host,
    waitingFor,
    interruptions,
    capReached,
    published,
  ]);
}
