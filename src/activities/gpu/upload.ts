import type { ArtifactRef } from '../../contracts/base.js';
import { type NewArtifact, publishArtifact } from '../../store/artifacts.js';
import type { ObjectStore } from '../../store/object-store.js';
import { abortable } from './abortable-store.js';

/** The host goes before this could be published, its grant is over, or a newer one takes its place. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
  constructor() {
    super('given up; it stays on this host');
  }
}

/** Files and manifest of one checkpoint on their way into the store. */
export class Upload {
  readonly #giveUp = new AbortController();

  constructor(
    private readonly store: ObjectStore,
    readonly begunAt: number,
  ) {}

  /** What is given up meanwhile is an error at once, however long the store takes to let go. */
  async send(artifact: NewArtifact): Promise<ArtifactRef> {
    const { signal } = this.#giveUp;
    const given = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new GivenUpError()), { once: true });
    });
    const sent = publishArtifact(abortable(this.store, signal), artifact);
    sent.catch(() => undefined);
    return Promise.race([sent, given]);
  }

  giveUp(): void {
    this.#giveUp.abort();
  }
}
