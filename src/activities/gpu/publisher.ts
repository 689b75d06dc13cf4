import { dirname } from 'node:path';
import type { CheckpointReadyEvent } from '../../contracts/events.js';
import type { ArtifactRef } from '../../contracts/base.js';
import { confirmArtifact } from '../../store/artifacts.js';
import { markedOf } from '../../store/marked.js';
import { pruneCheckpoints } from '../../store/prune.js';
import type { StageDeps } from '../deps.js';
import type { Beat } from '../trainer/beat.js';
import { rotationKeeps } from './acquire.js';
import type { Hold } from './hold.js';
import { dropsOlder, mayFinish } from '../trainer/leave-decision.js';
import type { Leaving } from './leaving.js';
import { type PublishingListener, TELLS_TRAINER } from './publishing-listener.js';
import { dropStaged, recordStaged, type Staged } from './staged.js';
import { GivenUpError, Upload } from './upload.js';

/**
 * Publishes staged checkpoints beside training: at most one in flight, and of those that wait the
 * newest wins; but what rotation would keep, as the best by validation, is not overtaken.
 */
export class Publisher {
  /** In the order of their steps. */
  #waiting: Staged[] = [];
  #recording: Promise<void> = Promise.resolve();
  #working: Promise<void> = Promise.resolve();
  #busy = false;
  /** Null again when the journal is about to name it: that is only a moment. */
  #upload: Upload | null = null;
  #closed = false;
  refused = false;

  constructor(
    private readonly deps: StageDeps,
    private readonly hold: Hold,
    private readonly keep: number,
    private readonly beat: Beat,
    /** A newer attempt holds the chain: this one must end. */
    private readonly onRefused: () => void,
    private readonly leaving: Leaving,
    private readonly listener: PublishingListener = TELLS_TRAINER,
  ) {}

  /** One after another; `settle` waits for these too: the last event comes just before the exit. */
  offer(event: CheckpointReadyEvent): Promise<void> {
    const offered = this.#recording.then(() => this.#take(event));
    this.#recording = offered.catch(() => undefined);
    return offered;
  }

  async #take(event: CheckpointReadyEvent): Promise<void> {
    const staged = await recordStaged(event);
    this.leaving.cost.saved(event.seconds);
    if (this.leaving.begun) this.#makeWay();
    const all = [...this.#waiting, staged];
    const kept = markedOf(all);
    const waits = (one: Staged): boolean => one === staged || kept.includes(one);
    this.#waiting = all.filter(waits);
    // Decided before the first wait: meanwhile one that stays may be taken up and published.
    for (const overtaken of all.filter((one) => !waits(one))) await dropStaged(overtaken);
    if (!this.#busy) this.#working = this.#drain();
  }

  /** Until everything offered is published, refused, or given up. */
  async settle(): Promise<void> {
    await this.#recording;
    await this.#working;
  }

  /** The host goes and no checkpoint is to come: what cannot be there in time is not waited for. */
  giveUpInVain(): void {
    const { usableSeconds, cost } = this.leaving;
    if (this.#upload === null) return;
    const runningSeconds = this.#secondsSince(this.#upload.begunAt);
    if (!mayFinish(usableSeconds, cost.publishSeconds, runningSeconds)) this.giveUp();
  }

  /** From here on everything stays staged. */
  close(): void {
    this.#closed = true;
    this.giveUp();
  }

  /** What is not in the store yet stays staged. */
  giveUp(): void {
    this.#waiting = [];
    this.#upload?.giveUp();
  }

  /** The host goes, and its last checkpoint is here: it waits for no older one. */
  #makeWay(): void {
    const { usableSeconds, cost } = this.leaving;
    if (!dropsOlder(usableSeconds, cost.publishSeconds)) return;
    if (this.#upload) this.beat.line('an older checkpoint gives way to the last one');
    this.giveUp();
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
        if (this.refused || this.#closed) return;
        await this.#publish(next);
      }
    } finally {
      this.#busy = false;
    }
  }

  async #publish(staged: Staged): Promise<boolean> {
    try {
      await this.#publishNow(staged);
      return true;
    } catch (error) {
      // It stays staged: a later attempt on this host salvages it.
      this.deps.log.warn({ step: staged.step, why: String(error) }, 'checkpoint not published');
      this.beat.line(`checkpoint ${staged.step} not published: ${String(error)}`);
      return false;
    }
  }

  /**
   * Of these, in the order of their steps, what rotation would keep and the newest that is whole; of
   * a damaged one the files stay for inspection.
   */
  async salvage(inOrder: readonly Staged[]): Promise<void> {
    let head = -1;
    for (const staged of markedOf(inOrder)) {
      if (!this.refused && (await this.#publish(staged))) head = staged.step;
    }
    for (const staged of inOrder.toReversed()) {
      if (this.refused || staged.step <= head || (await this.#publish(staged))) return;
    }
  }

  async #publishNow(staged: Staged): Promise<void> {
    const { step, marks } = staged;
    const begunAt = this.deps.now().getTime();
    const manifest = await this.#send(new Upload(this.deps.store, begunAt), staged);
    const host = this.deps.host.id;
    const how = await this.hold.write((chain, token) => {
      if (this.#closed) throw new GivenUpError();
      return chain.publish(token, { manifest, step, host, marks });
    });
    if (how === 'refused') {
      this.refused = true;
      this.onRefused();
      return;
    }
    this.beat.set({ publishedStep: step, publishedDigest: manifest.digest });
    const seconds = this.#secondsSince(begunAt);
    this.leaving.cost.published(seconds);
    await this.#tell(staged, seconds);
    await this.#clear(staged, manifest.digest);
  }

  async #send(upload: Upload, { folder, files }: Staged): Promise<ArtifactRef> {
    this.#upload = upload;
    this.listener.publishing(true);
    try {
      return await upload.send({ folder, files, kind: 'checkpoint' });
    } finally {
      this.#upload = null;
      this.listener.publishing(false);
    }
  }

  #secondsSince(at: number): number {
    return (this.deps.now().getTime() - at) / 1000;
  }

  /** The trainer takes the next one no sooner: it would only wait here to be overtaken. */
  async #tell({ folder, step }: Staged, seconds: number): Promise<void> {
    try {
      await this.listener.published(dirname(folder), seconds);
    } catch (error) {
      this.deps.log.warn({ step, why: String(error) }, 'time of publishing not told');
    }
  }

  /** It is published, whatever becomes of this: else salvage would put an older one on top of it. */
  async #clear(staged: Staged, newest: string): Promise<void> {
    const { folder, files } = staged;
    try {
      // Before the journal named it another chain may have let go of an equal one.
      await confirmArtifact(this.deps.store, { folder, files, kind: 'checkpoint' });
      await dropStaged(staged);
      // Rotation can wait for the next attempt; the host cannot.
      if (this.leaving.begun) return;
      await pruneCheckpoints(
        this.deps.store,
        await this.hold.chain.fold(),
        rotationKeeps(this.keep),
        {
          // Just written and hashed: reading every byte of it again would cost a second disk pass.
          isValid: async (digest) => digest === newest,
        },
      );
    } catch (error) {
      this.deps.log.warn({ step: staged.step, why: String(error) }, 'old checkpoints not cleared');
    }
  }
}
