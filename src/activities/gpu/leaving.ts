import { type StopNotice, whoTakes } from '../../notices/departure.js';
import { timingOf, type StageDeps } from '../deps.js';
import type { Beat } from '../trainer/beat.js';
import { CheckpointCost } from './checkpoint-cost.js';
import { decideLeave, type LeaveDecision, usableSeconds } from '../trainer/leave-decision.js';
import { Alarm } from '../trainer/alarm.js';
import type { Orders } from '../trainer/orders.js';

/** The host is about to go while nothing of this attempt could be saved. */
export class LeftEarlyError extends Error {
  override readonly name = 'LeftEarlyError';
}

/**
 * The end of an attempt whose host is about to go, whoever says so: a cloud's notice, a SIGTERM, the
 * shutdown of its worker. It has a time, which may become sooner, and everything is done by then.
 */
export class Leaving {
  readonly cost = new CheckpointCost();
  /** Fires when the usable time is over. */
  readonly #over = new Alarm();
  readonly #begun = new AbortController();
  readonly #deaf: () => void;
  #fallback: StopNotice | null = null;
  #last: LeaveDecision['last'] | null = null;

  constructor(
    private readonly deps: StageDeps,
    private readonly beat: Beat,
    orders: Orders,
  ) {
    const { signal } = orders;
    const begin = (): void => {
      if (orders.reason !== 'worker-shutdown') return;
      this.#begun.abort();
      this.#arm();
    };
    if (signal.aborted) begin();
    else signal.addEventListener('abort', begin, { once: true });
    const away = deps.departure?.onSooner(() => this.#arm());
    this.#deaf = () => {
      signal.removeEventListener('abort', begin);
      away?.();
      this.#over.disarm();
    };
  }

  get begun(): boolean {
    return this.#begun.signal.aborted;
  }

  /** What says so; null while nothing does. */
  get notice(): StopNotice | null {
    if (!this.begun) return null;
    return this.deps.departure?.notice ?? (this.#fallback ??= this.#ofShutdown());
  }

  /** Infinite while the host stays. */
  get usableSeconds(): number {
    const { notice } = this;
    if (notice === null) return Number.POSITIVE_INFINITY;
    return usableSeconds(this.#secondsLeft(notice), this.#marginSeconds);
  }

  /** What the trainer was asked; null: not yet, or there was none. */
  get last(): LeaveDecision['last'] | null {
    return this.#last;
  }

  /** What the trainer is asked, and how long it may take; said again when the end becomes sooner. */
  decide(): LeaveDecision {
    const { notice, cost, beat } = this;
    if (notice === null) return { last: 'none', trainerSeconds: 0 };
    if (this.#last !== null) return this.#again(this.#last);
    const { saveSeconds, publishSeconds } = cost;
    const decision = decideLeave({
      secondsLeft: this.#secondsLeft(notice),
      marginSeconds: this.#marginSeconds,
      stepSeconds: beat.pace.secondsEach ?? 0,
      saveSeconds,
      publishSeconds,
      keepsDisk: keepsDisk(notice),
    });
    this.#last = decision.last;
    const measured = { saveSeconds, publishSeconds, secondsLeft: this.#secondsLeft(notice) };
    this.deps.log.warn({ notice, ...decision, ...measured }, 'this host is about to go');
    beat.line(`${whoTakes(notice)}; ${ASKED[decision.last]}`);
    return decision;
  }

  /** For people: who takes the host, and what there is to go on from. */
  sentence(publishedStep: number | null): string {
    const { notice } = this;
    const from = publishedStep === null ? 'its newest checkpoint' : `step ${publishedStep}`;
    return `${notice ? whoTakes(notice) : 'The worker ends'}; the next attempt goes on from ${from}`;
  }

  /** The work, or 'late' when the usable time is over before it has ended. */
  within<T>(work: Promise<T>): Promise<T | 'late'> {
    return Promise.race([work, this.#over.rings.then(() => 'late' as const)]);
  }

  /** Before there is a trainer nothing can be saved: throws LeftEarlyError as soon as the host goes. */
  async unlessPreparing<T>(work: Promise<T>): Promise<T> {
    // Given up, it may still fail later.
    work.catch(() => undefined);
    const { signal } = this.#begun;
    let stop = (): void => undefined;
    const early = new Promise<never>((_, reject) => {
      stop = () => {
        const { phase } = this.beat.progress;
        if (phase === 'preparing' || phase === 'restoring') reject(new LeftEarlyError());
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([work, early]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  end(): void {
    this.#deaf();
  }

  #again(last: LeaveDecision['last']): LeaveDecision {
    const publish = last === 'publish' ? (this.cost.publishSeconds ?? 0) : 0;
    return { last, trainerSeconds: Math.max(0, this.usableSeconds - publish) };
  }

  #arm(): void {
    if (this.begun) this.#over.arm(this.usableSeconds * 1000);
  }

  get #marginSeconds(): number {
    return this.deps.marginSeconds ?? 0;
  }

  #secondsLeft({ stopAt }: StopNotice): number {
    return (Date.parse(stopAt) - this.deps.now().getTime()) / 1000;
  }

  /** The worker ends without having said why, as when another part of it has failed. */
  #ofShutdown(): StopNotice {
    const now = this.deps.now();
    const stopAt = new Date(now.getTime() + timingOf(this.deps).shutdownMs).toISOString();
    const seenAt = now.toISOString();
    return { kind: 'stop', source: 'signal', action: 'shutdown', stopAt, seenAt };
  }
}

const ASKED: Readonly<Record<LeaveDecision['last'], string>> = {
  publish: 'a last checkpoint is asked for',
  stage: 'a last checkpoint is asked for, to stay on its disk',
  none: 'no time for another checkpoint',
};

/** A worker that was told to end may be started again here; a machine that is stopped comes back. */
function keepsDisk({ source, action }: StopNotice): boolean {
  return source === 'signal' || action === 'stop' || action === 'hibernate' || action === 'Reboot';
}
