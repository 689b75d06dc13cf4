import type { Notice } from '../contracts/notice.js';

/** A notice after which the host goes. */
export type StopNotice = Notice & { readonly kind: 'stop'; readonly stopAt: string };

export const isStop = (notice: Notice): notice is StopNotice =>
  notice.kind === 'stop' && notice.stopAt !== null;

/** For people. */
export function whoTakes({ source, action, stopAt, seenAt }: StopNotice): string {
  if (source === 'signal') return `The worker was told to end (${action})`;
  const seconds = Math.round((Date.parse(stopAt) - Date.parse(seenAt)) / 1000);
  return `${source} takes this host (${action}, told ${seconds} s before ${stopAt.slice(0, 19)}Z)`;
}

/** Whether and when this host goes: what its watcher and its signals tell, to whom it concerns. */
export class Departure {
  readonly #begun = new AbortController();
  readonly #listeners = new Set<() => void>();
  #notice: StopNotice | null = null;

  /** Aborted by the first notice. */
  get signal(): AbortSignal {
    return this.#begun.signal;
  }

  /** The first that came, with the earliest time that any has told. */
  get notice(): StopNotice | null {
    return this.#notice;
  }

  tell(notice: StopNotice): void {
    const known = this.#notice;
    if (known !== null && known.stopAt <= notice.stopAt) return;
    // Who warned first is what people want to know; a SIGTERM only makes it sooner.
    this.#notice = known === null ? notice : { ...known, stopAt: notice.stopAt };
    this.#begun.abort();
    for (const listener of this.#listeners) listener();
  }

  /** Called when it becomes sooner; returns how to listen no longer. */
  onSooner(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
