import { type CancelledFailure, Context } from '@temporalio/activity';
import { cancelledFailure, cancellationReason } from '../cancellation.js';
import type { Reason } from '../judge-exit.js';

/**
 * Which attempt some work belongs to, and whether it shall end. Kept work outlives an attempt that is
 * cut off from the server: it goes on without one until another takes it over, or somebody ends it.
 */
export class Orders {
  readonly #end = new AbortController();
  #context: Context | null = null;
  #leave = (): void => undefined;

  constructor(
    /** Whether work that is cut off goes on now; asked each time. Left out: it ends. */
    private readonly goesOn: () => boolean = () => false,
    context = Context.current(),
  ) {
    void this.follow(context).catch(() => undefined);
  }

  /** Aborted, with the reason, once the work shall end. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get reason(): Reason | null {
    return this.signal.aborted ? (this.signal.reason as Reason) : null;
  }

  /** Whether no attempt has the work now. */
  get cutOff(): boolean {
    return this.#context === null;
  }

  /** To the server, where it can be reached by an attempt of this work. */
  heartbeat(details: unknown): void {
    this.#context?.heartbeat(details);
  }

  /** The first reason stands. */
  end(reason: Reason): void {
    this.#end.abort(reason);
  }

  /** The work belongs to this attempt from now on; rejects when that is cut off. */
  follow(context: Context): Promise<never> {
    this.#leave();
    this.#context = context;
    const signal = context.cancellationSignal;
    return new Promise((_, reject) => {
      const told = (): void => this.#told(context, reject);
      this.#leave = () => {
        signal.removeEventListener('abort', told);
        this.#context = null;
      };
      if (signal.aborted) told();
      else signal.addEventListener('abort', told, { once: true });
    });
  }

  /** No attempt has the work any more. */
  leave(): void {
    this.#leave();
    this.#leave = () => undefined;
  }

  #told(context: Context, reject: (failure: CancelledFailure) => void): void {
    const reason = cancellationReason(context);
    if (reason !== 'connection-lost' || !this.goesOn()) return this.end(reason);
    this.leave();
    reject(cancelledFailure(context));
  }
}
