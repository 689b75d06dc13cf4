import type { StageNews } from '../../contracts/state.js';

const QUIET_MS = 30_000;
const SIGNALS_PER_STAGE = 250;

/** Signals at once on a change, else seldom enough for a history of days. */
export class Teller {
  #last: { readonly key: string; readonly at: number } | null = null;
  readonly #quietMs: number;

  constructor(
    private readonly signal: (news: StageNews) => Promise<void>,
    expectedSeconds: number | null | undefined,
  ) {
    this.#quietMs = Math.max(QUIET_MS, ((expectedSeconds ?? 0) * 1000) / SIGNALS_PER_STAGE);
  }

  async tell(news: StageNews): Promise<void> {
    const at = Date.parse(news.at);
    const key = changeKey(news);
    if (this.#last?.key === key && at - this.#last.at < this.#quietMs) return;
    await this.signal(news);
    this.#last = { key, at };
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
