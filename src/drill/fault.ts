import type { Config } from '../config/config.js';
import type { InterruptionKind } from '../contracts/journal.js';
import type { Training } from './training.js';
import type { Trial } from './trial.js';

/** What a plan must show of a fault besides the weights and the order of the straight run. */
export interface Expectation {
  /** Interruptions that the plan tells, in their order; left out: whatever the moment makes of it. */
  readonly kinds?: readonly InterruptionKind[];
  /** Whether steps were made again, by the killer's reading; left out: that depends. */
  readonly repeats?: boolean;
  /** A zombie has tried to write and the journal has its refusal. */
  readonly refuses?: true;
  /** The newest checkpoint was damaged: training went on from an older one. */
  readonly skips?: true;
}

/** What a fault has put up for one trial. */
export interface Act {
  /** Of the plan, besides those of every drill. */
  readonly settings: readonly string[];
  /** Does it, and undoes what a person or a cloud would: a server is started again, a host wakes. */
  strike(target: Training): Promise<void>;
}

export interface Fault {
  /** One word for the command line. */
  readonly name: string;
  readonly en: string;
  readonly zh: string;
  readonly expects: Expectation;
  /** Why this machine cannot do it and what would help; null: it can. */
  unavailable?(config: Config): Promise<string | null>;
  /** Before the plan starts; what it puts up ends with its trial. */
  open(trial: Trial): Promise<Act>;
}

/** A fault for which nothing must be put up. */
export const atOnce =
  (strike: (trial: Trial, target: Training) => Promise<void>): Fault['open'] =>
  async (trial) => ({ settings: [], strike: (target) => strike(trial, target) });
