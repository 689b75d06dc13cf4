import type { Logger } from 'pino';
import type { ArtifactRef, Manifest } from '../../contracts/base.js';
import type { CheckpointReadyEvent } from '../../contracts/events.js';
import { publishArtifact } from '../../store/artifacts.js';
import type { Chain } from '../../store/chain.js';
import type { ObjectStore } from '../../store/object-store.js';
import { pruneCheckpoints } from '../../store/prune.js';
import { isWhole } from '../../store/verify.js';
import { discard, recordReady, type StagedCheckpoint } from './staging.js';

export interface PublisherOptions {
  readonly store: ObjectStore;
  readonly chain: Chain;
  readonly token: number;
  readonly host: string;
  readonly kind: Manifest['kind'];
  /** Published checkpoints that stay, the newest included. */
  readonly keep: number;
  readonly log: Logger;
  readonly onPublished: (step: number, manifest: ArtifactRef) => void;
  readonly onRefused: () => void;
}

/** Publishes in the background: at most one in flight, and of those that wait the newest wins. */
export class Publisher {
  #waiting: StagedCheckpoint | null = null;
  #running: Promise<void> | null = null;
  #recording: Promise<void> = Promise.resolve();
  #refused = false;
  published: { step: number; artifact: ArtifactRef } | null = null;

  constructor(private readonly options: PublisherOptions) {}

  get refused(): boolean {
    return this.#refused;
  }

  /** Recorded first, so that a loss of this process leaves a checkpoint that can be salvaged. */
  offer(event: CheckpointReadyEvent): void {
    this.#recording = this.#recording
      .then(() => recordReady(event))
      .then((staged) => this.#enqueue(staged))
      .catch((error: unknown) => this.#warn('could not record a staged checkpoint', error));
  }

  /** Resolves when nothing is in flight or waiting. */
  async drain(): Promise<void> {
    await this.#recording;
    while (this.#running) await this.#running;
  }

  async #enqueue(staged: StagedCheckpoint): Promise<void> {
    const outdone = this.#waiting;
    this.#waiting = staged;
    if (outdone) await discard(outdone);
    this.#running ??= this.#publishWaiting().finally(() => (this.#running = null));
  }

  async #publishWaiting(): Promise<void> {
    while (this.#waiting && !this.#refused) {
      const staged = this.#waiting;
      this.#waiting = null;
      try {
        await this.publish(staged);
      } catch (error) {
        // It stays staged: the next attempt on this host salvages it.
        this.#warn(`could not publish checkpoint ${staged.step}`, error);
      }
    }
  }

  async publish(staged: StagedCheckpoint): Promise<void> {
    const { store, chain, token, host, kind } = this.options;
    const { step, folder, files } = staged;
    const manifest = await publishArtifact(store, { folder, files, kind });
    if ((await chain.publish(token, { manifest, step, host })) === 'refused') {
      this.#refused = true;
      this.options.onRefused();
      return;
    }
    this.published = { step, artifact: manifest };
    this.options.onPublished(step, manifest);
    await discard(staged);
    await this.#prune(manifest.digest);
  }

  /** Old checkpoints only cost space, so that trouble here never disturbs training. */
  async #prune(newest: string): Promise<void> {
    const { store, chain, keep } = this.options;
    try {
      const isValid = (digest: string) => digest === newest || isWhole(store, digest);
      await pruneCheckpoints(store, await chain.fold(), keep, {
        isValid: async (digest) => isValid(digest),
      });
    } catch (error) {
      this.#warn('could not remove old checkpoints', error);
    }
  }

  #warn(what: string, error: unknown): void {
    this.options.log.warn({ error: String(error), token: this.options.token }, what);
  }
}
