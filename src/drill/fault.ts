import type { Arena } from './arena.js';

/** Where a fault strikes: a training that has published and is far from its end. */
export interface Target {
  readonly arena: Arena;
  readonly planId: string;
  readonly stageKey: string;
  readonly host: string;
  readonly workerPid: number;
  /** Leads the group of the trainer's processes. */
  readonly trainerPid: number;
}

export interface Fault {
  /** One word for the command line. */
  readonly name: string;
  readonly en: string;
  readonly zh: string;
  /** Does it, and undoes what a person or a cloud would: a server is started again, a host wakes. */
  strike(target: Target): Promise<void>;
}
