import type { Chain } from '../../store/chain.js';
import type { ChainState } from '../../store/fold-chain.js';

export interface Acquired {
  readonly token: number;
  /** The chain as it was until then. */
  readonly before: ChainState;
}

/** The hold of some work on the chain of its stage, under the token of whichever attempt has it. */
export class Hold {
  #token: number;
  #last: Promise<unknown> = Promise.resolve();
  /** The chain as it was until the work began. */
  readonly before: ChainState;

  constructor(
    readonly chain: Chain,
    { token, before }: Acquired,
  ) {
    this.#token = token;
    this.before = before;
  }

  /** Fencing token. */
  get token(): number {
    return this.#token;
  }

  /** One after another: the token never changes while something is written under it. */
  write<R>(work: (chain: Chain, token: number) => Promise<R>): Promise<R> {
    return this.#next(() => work(this.chain, this.#token));
  }

  /**
   * Another attempt has the work now; what was written under the older token stands. Null: that has
   * ended, or is not the newest, so that there is nothing to be gone on with.
   */
  renew(acquire: (chain: Chain) => Promise<Acquired>): Promise<Acquired | null> {
    return this.#next(async () => {
      const newest = (await this.chain.fold()).attempts.at(-1);
      if (newest?.token !== this.#token || newest.ended !== null) return null;
      const acquired = await acquire(this.chain);
      this.#token = acquired.token;
      return acquired;
    });
  }

  #next<R>(work: () => Promise<R>): Promise<R> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
