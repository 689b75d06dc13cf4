import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readProgress, readState } from '../cli/plan-handle.js';
import { isAlive } from '../processes/identity.js';
import type { WorkerProcess } from '../processes/worker-process.js';
import { hasEnded } from '../contracts/state.js';
import { Chain } from '../store/chain.js';
import type { ChainState } from '../store/fold-chain.js';
import { removeHostRecord } from '../store/host-records.js';
import type { ObjectStore } from '../store/object-store.js';
import { type Arena, type HostChanges, killGuarded } from './arena.js';
import { signalHost, type Training, trainingIn } from './training.js';
import { DrillError, waitFor } from './wait.js';

/** The killer's truth of one attempt: the last step that its trainer had written. */
export interface Struck {
  readonly token: number;
  readonly step: number;
}

const TRAINED = 'full-train';

/** One plan of a drill with all that is put up for it alone: the next one meets nothing of it. */
export class Trial {
  readonly struck: Struck[] = [];
  /** The plan's own. */
  store: ObjectStore;
  stageKey: string | null = null;
  readonly #ends: (() => Promise<unknown> | void)[] = [];

  constructor(
    readonly arena: Arena,
    readonly planId: string,
    readonly everySteps: number,
    /** Of whatever its fault draws. */
    readonly seed: number,
  ) {
    this.store = arena.store;
  }

  /** What was put up last ends first. */
  onEnd(end: () => Promise<unknown> | void): void {
    this.#ends.unshift(end);
  }

  async end(): Promise<void> {
    for (const end of this.#ends) await end();
  }

  /** A host that no provider knows; its id. */
  async rent(name: string, changes: HostChanges = {}): Promise<RentedHost> {
    const id = `${name}-${this.planId}`;
    const host = new RentedHost(id, await this.arena.startHost(id, changes), this.arena);
    this.onEnd(() => host.end());
    return host;
  }

  get chain(): Chain {
    if (this.stageKey === null) throw new DrillError(`${this.planId} does not train yet.`);
    return new Chain(this.store, this.stageKey);
  }

  /** Until a training that has published has come to `step`, behind the attempts of older tokens. */
  reach(step: number, behindToken = 0): Promise<Training> {
    const { planId, arena } = this;
    return waitFor(
      `${planId} trains beyond step ${step}`,
      async () => {
        const { current, status, failure } = await readState(arena.client, planId);
        if (hasEnded(status)) throw new DrillError(endedEarly(planId, status, failure));
        const progress = await readProgress(arena.client, planId);
        const training = await trainingIn(arena.store, current?.stage, progress);
        if (!training || training.token <= behindToken) return null;
        this.stageKey = current!.stageKey;
        // What the trainer has written is newer than what its host's last heartbeat told.
        if ((await this.lastStepWritten()) < step) return null;
        return training;
      },
      arena.signal,
    );
  }

  /**
   * Worker and trainer stopped (SIGSTOP) with steps behind the newest checkpoint that is due and
   * published: whoever goes on from that one makes them again, whatever was on its way.
   */
  async freezeBehindCheckpoint(target: Training): Promise<void> {
    await this.freezeWhere(target, 'new steps behind a published checkpoint', async () => {
      const step = await this.lastStepWritten();
      const published = (await this.chain.fold()).newest?.step ?? 0;
      return published < step && published >= step - (step % this.everySteps);
    });
  }

  /** Stops a host and looks; lets it go on until it stands where it is wanted. */
  async freezeWhere(target: Training, what: string, is: () => Promise<boolean>): Promise<void> {
    const look = async (): Promise<true | null> => {
      signalHost(target, 'SIGSTOP');
      if (await is()) return true;
      signalHost(target, 'SIGCONT');
      return null;
    };
    await waitFor(`${this.planId} has ${what}`, look, this.arena.signal);
  }

  /** To be called when the trainer of `target` writes no more, and nobody else does yet. */
  async note({ token }: Training): Promise<void> {
    this.struck.push({ token, step: await this.lastStepWritten() });
  }

  /** Until the trainer has written so many steps more, or all of them. */
  async untilWritten(more: number, { total }: Training): Promise<void> {
    const step = Math.min(total, (await this.lastStepWritten()) + more);
    const written = async (): Promise<true | null> =>
      (await this.lastStepWritten()) >= step ? true : null;
    await waitFor(`${this.planId} writes step ${step}`, written, this.arena.signal);
  }

  /** The last whole line of metrics.jsonl; what the trainer had in memory is nobody's loss. */
  async lastStepWritten(): Promise<number> {
    const path = join(this.arena.config.home, 'runs', this.planId, TRAINED, 'metrics.jsonl');
    const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
    const last = lines.at(-2);
    return last === undefined ? 0 : (JSON.parse(last) as { step: number }).step;
  }

  /** Until the journal of the training shows it. */
  untilChain(what: string, shows: (chain: ChainState) => boolean): Promise<true> {
    const look = async (): Promise<true | null> => (shows(await this.chain.fold()) ? true : null);
    return waitFor(`${this.planId}: ${what}`, look, this.arena.signal);
  }
}

const endedEarly = (planId: string, status: string, failure: string | null): string =>
  `${planId} has ${status} before it could be struck${failure === null ? '' : `: ${failure}`}.`;

/** Ended with its trial, however it stands then: asleep, gone, or ready for the next plan. */
export class RentedHost {
  constructor(
    readonly id: string,
    private readonly worker: WorkerProcess,
    private readonly arena: Arena,
  ) {}

  async end(): Promise<void> {
    if (await isAlive(this.worker.identity)) await killGuarded(this.worker.identity.pid);
    await this.worker.exited;
    await removeHostRecord(this.arena.store, this.id);
  }
}
