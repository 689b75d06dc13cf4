import { Chain, type ChainOptions } from '../../store/chain.js';
import type { ChainState } from '../../store/fold-chain.js';
import type { ObjectStore } from '../../store/object-store.js';

export interface WorkStates {
  readonly boots: ChainState['boots'];
  /** Of each work. */
  readonly works: readonly ChainState[];
}

/**
 * The chains of a stage that is done in shards as one: hosts are journalled in the chain of the stage
 * key, attempts in that of each shard. A stage that is one work has one chain for both.
 */
export class WorkChains {
  readonly #own: Chain;
  /** One for each work. */
  readonly works: readonly Chain[];

  constructor(
    store: ObjectStore,
    stageKey: string,
    workKeys: readonly string[],
    options: ChainOptions = {},
  ) {
    this.#own = new Chain(store, stageKey, options);
    this.works = workKeys.map((key) =>
      key === stageKey ? this.#own : new Chain(store, key, options),
    );
  }

  async fold(): Promise<WorkStates> {
    const works = await Promise.all(this.works.map((chain) => chain.fold()));
    const { boots } = await this.#own.fold();
    return { boots, works };
  }

  booted(boot: { key: string; host: string }): Promise<boolean> {
    return this.#own.booted(boot);
  }
}
