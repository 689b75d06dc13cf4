import { setTimeout as sleep } from 'node:timers/promises';
import type { StageInput } from '../../contracts/activities.js';
import { Ledger } from '../../store/ledger.js';
import { timingOf, type AttemptName, type StageDeps } from '../deps.js';
import { Alarm } from '../trainer/alarm.js';
import { readGrant } from './grant.js';
import type { Hold } from './hold.js';

/** What is done with work that no attempt has. */
export interface Alone {
  /** Its time or its plan is over: a last checkpoint stays on the disk, and nothing is published. */
  end(why: string): void;
  /** A newer attempt has the chain. */
  supersede(): void;
}

/**
 * Work that is cut off from the server, and what ends it before an attempt comes back for it: its
 * grant, a newer attempt elsewhere, a plan that wants it no more. Time is told by timers, which no
 * change of the clock moves.
 */
export class CutOff {
  readonly #grantOver = new Alarm();
  readonly #ledger: Ledger;
  /** Nothing until it is known. */
  #grantEndsAt = Number.NEGATIVE_INFINITY;
  /** Of the present time alone; null: some attempt has the work. */
  #watching: AbortController | null = null;

  constructor(
    private readonly deps: StageDeps,
    private readonly input: StageInput,
    private readonly alone: Alone,
  ) {
    this.#ledger = new Ledger(deps.store, input.planId);
    void this.#grantOver.rings.then(() => alone.end('its grant is used up'));
  }

  /** Whether there is anything left of the grant that was told last. */
  get mayGoOn(): boolean {
    return this.#grantEndsAt > performance.now();
  }

  /** As the store tells now: whoever is cut off later may be cut off from the store as well. */
  async learn(): Promise<void> {
    try {
      this.#grantEndsAt = await this.#readEnd();
    } catch (error) {
      this.deps.log.warn({ why: String(error) }, 'grant not read; the last one known stands');
    }
  }

  begin(hold: Hold, name: AttemptName): void {
    const watching = new AbortController();
    this.#watching = watching;
    this.#arm();
    void this.#watch(hold, name, watching.signal);
  }

  end(): void {
    this.#watching?.abort();
    this.#watching = null;
    this.#grantOver.disarm();
  }

  async #readEnd(): Promise<number> {
    const seconds = await readGrant(this.#ledger, this.deps, this.input);
    return performance.now() + 1000 * seconds;
  }

  #arm(): void {
    this.#grantOver.arm(Math.max(0, this.#grantEndsAt - performance.now()));
  }

  async #watch(hold: Hold, name: AttemptName, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await Promise.all([this.#lookAtStore(hold, signal), this.#lookAtServer(name, signal)]);
      await sleep(timingOf(this.deps).lookMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Others may have spent meanwhile: a grant only becomes less. */
  async #lookAtStore({ chain, token }: Hold, signal: AbortSignal): Promise<void> {
    try {
      const { newestToken } = await chain.fold();
      if (signal.aborted) return;
      if (newestToken !== token) return this.alone.supersede();
      const end = await this.#readEnd();
      if (signal.aborted) return;
      this.#grantEndsAt = Math.min(this.#grantEndsAt, end);
      this.#arm();
    } catch {
      // Out of reach as well: what was granted lasts, and nobody else is heard of.
    }
  }

  async #lookAtServer(name: AttemptName, signal: AbortSignal): Promise<void> {
    const wanted = await this.deps.isWanted?.(name).catch(() => null);
    if (wanted === false && !signal.aborted) this.alone.end('its plan wants it no more');
  }
}
