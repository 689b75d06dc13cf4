import type { ArtifactRef } from '../contracts/base.js';
import type { ChosenInterval } from '../contracts/interval.js';
import { ChainEntry, type PostMortem } from '../contracts/journal.js';
import type { Notice } from '../contracts/notice.js';
import { foldChain, type ChainState } from './fold-chain.js';
import { Journal, type Decision, type JournalOptions } from './journal.js';
import { type Marks } from './marked.js';
import type { ObjectStore } from './object-store.js';

type Of<T extends ChainEntry['type']> = Extract<ChainEntry, { type: T }>;

export interface ChainOptions extends JournalOptions {
  readonly now?: () => Date;
}

export type NewAttempt = Omit<Of<'acquired'>, 'type' | 'at'>;

export interface Publication {
  readonly manifest: ArtifactRef;
  readonly step: number;
  readonly host: string;
  readonly marks?: Marks;
}

const MESSAGE_LENGTH = 500;

/**
 * The checkpoint chain of one stage key. Every method folds, validates and appends on exactly what it
 * validated, so a zombie that wakes late loses however late it is.
 */
export class Chain {
  readonly #journal: Journal<ChainEntry>;
  readonly #now: () => Date;

  constructor(store: ObjectStore, stageKey: string, options: ChainOptions = {}) {
    this.#journal = new Journal(store, `chains/${stageKey}`, ChainEntry, options);
    this.#now = options.now ?? (() => new Date());
  }

  async fold(): Promise<ChainState> {
    return foldChain(await this.entries());
  }

  /** As they stand in the journal, for whoever audits it. */
  entries(): Promise<ChainEntry[]> {
    return this.#journal.read();
  }

  /** From here on every older token is refused. `before` is the chain as it was until now. */
  acquire(attempt: NewAttempt): Promise<{ token: number; before: ChainState }> {
    return this.#update((before) => ({
      append: { type: 'acquired', ...attempt, at: this.#at() },
      result: { token: before.length + 1, before },
    }));
  }

  /** Repeating a publication that stands changes nothing. */
  publish(token: number, publication: Publication): Promise<'published' | 'refused'> {
    const { manifest, step, host, marks = {} } = publication;
    return this.#update((state) => {
      if (token !== state.newestToken) {
        const append = this.#refusal(state, token, manifest.digest, step, host);
        return { append, result: 'refused' };
      }
      const parent = state.newest?.manifest.digest ?? null;
      if (state.newest?.token === token && parent === manifest.digest) {
        return { result: 'published' };
      }
      const append = { type: 'published' as const, token, manifest, parent, step, host, ...marks };
      return { append: { ...append, at: this.#at() }, result: 'published' };
    });
  }

  /** Once per idempotency key; false when it was journalled before. */
  booted(boot: { key: string; host: string }): Promise<boolean> {
    return this.#update((state) =>
      state.boots.some(({ key }) => key === boot.key)
        ? { result: false }
        : { append: { type: 'booted', ...boot, at: this.#at() }, result: true },
    );
  }

  /** The far store now holds this checkpoint; once per manifest. */
  copied(manifest: string): Promise<boolean> {
    return this.#update((state) =>
      state.copied.includes(manifest)
        ? { result: false }
        : { append: { type: 'copied', manifest, at: this.#at() }, result: true },
    );
  }

  /** After exit 69. Kept even from an old attempt: what did not fit will not fit later. */
  budget(token: number, limit: Omit<Of<'budget'>, 'type' | 'token' | 'at'>): Promise<void> {
    return this.#update(() => ({
      append: { type: 'budget', token, ...limit, at: this.#at() },
      result: undefined,
    }));
  }

  /** Of the newest attempt alone: what a zombie would choose nobody needs. */
  interval(token: number, chosen: ChosenInterval): Promise<void> {
    return this.#update((state) =>
      token === state.newestToken
        ? { append: { type: 'interval', token, chosen, at: this.#at() }, result: undefined }
        : { result: undefined },
    );
  }

  end(
    token: number,
    how: Of<'ended'>['how'],
    step: number,
    message?: string | null,
    notice?: Notice | null,
  ): Promise<'ended' | 'refused'> {
    const text = message == null ? null : message.slice(0, MESSAGE_LENGTH);
    return this.#update((state) => {
      const attempt = state.attempts.find((candidate) => candidate.token === token);
      if (token !== state.newestToken) {
        const host = attempt?.host ?? 'unknown';
        return { append: this.#refusal(state, token, null, step, host), result: 'refused' };
      }
      if (attempt?.ended) return { result: 'ended' };
      const told = notice ? { notice } : {};
      const append = { type: 'ended' as const, token, how, step, message: text, ...told };
      return { append: { ...append, at: this.#at() }, result: 'ended' };
    });
  }

  /** Once per lost token; false when another process wrote it first. */
  postMortem(postMortem: PostMortem): Promise<boolean> {
    return this.#update((state) =>
      state.postMortems.some(({ lostToken }) => lostToken === postMortem.lostToken)
        ? { result: false }
        : { append: { type: 'postMortem', postMortem, at: this.#at() }, result: true },
    );
  }

  #update<R>(decide: (state: ChainState) => Decision<ChainEntry, R>): Promise<R> {
    return this.#journal.update((entries) => decide(foldChain(entries)));
  }

  #refusal(
    state: ChainState,
    token: number,
    manifest: string | null,
    step: number,
    host: string,
  ): Of<'refused'> {
    const { newestToken } = state;
    return { type: 'refused', token, newestToken, manifest, step, host, at: this.#at() };
  }

  #at(): string {
    return this.#now().toISOString();
  }
}
