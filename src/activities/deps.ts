import type { Logger } from 'pino';
import type { ProfileName } from '../contracts/notice.js';
import type { Departure } from '../notices/departure.js';
import type { Work } from '../hosts/tenancy.js';
import type { StartTrainer } from '../processes/trainer.js';
import type { ObjectStore } from '../store/object-store.js';
import type { Storing } from './at-store.js';
import type { Keeper } from './gpu/keeper.js';

export type { TrainerExit, TrainerProcess } from '../processes/trainer.js';

/** What the stages that run the trainer need; nothing here comes from the environment. */
export interface StageDeps extends Storing {
  readonly home: string;
  /** How much of its disk a host keeps filled with files that it may need again. */
  readonly cacheBytes?: number;
  readonly host: {
    readonly id: string;
    readonly boot: string;
    /** Start of the worker's process; milliseconds since 1970. */
    readonly startedAt?: number;
  };
  readonly codeDigest: string;
  readonly python: string;
  readonly trainerFolder: string;
  readonly startTrainer: StartTrainer;
  readonly now: () => Date;
  readonly log: Logger;
  /** Between validation and a journal write: where tests stop a process to make it a zombie. */
  readonly beforeJournalWrite?: (key: string) => Promise<void> | void;
  /** Told at each beat that changes what the host does, for its record in the store. */
  readonly onWork?: (work: Work | null, store: ObjectStore) => void;
  readonly timing?: Partial<StageTiming>;
  /** Where this host stands, once that is known; left out: nowhere in particular. */
  readonly hostProfile?: () => ProfileName;
  /** Whether and when this host goes; left out: known only by its worker's shutdown. */
  readonly departure?: Departure;
  /** Kept free before that end. */
  readonly marginSeconds?: number;
  /** Of this process: what was cut off and goes on; left out: nothing outlives its attempt. */
  readonly keeper?: Keeper;
  /** Whether the server still wants the work of an attempt; null: it does not answer. */
  readonly isWanted?: (of: AttemptName) => Promise<boolean | null>;
}

/** What the server knows an attempt's activity by. */
export interface AttemptName {
  readonly workflowId: string;
  readonly runId: string;
  readonly activityId: string;
}

export interface StageTiming {
  /** Own timer; only some of its beats go to the server. */
  readonly beatMs: number;
  /** Of the heartbeat timeout, between two that go: 5 s of 30 s, 0.83 s of 5 s. */
  readonly heartbeatShare: number;
  /** A trainer without an event for longer than the floor and `hangFactor` usual gaps hangs. */
  readonly hangFloorMs: number;
  readonly hangFactor: number;
  /** Before the first step a trainer may load weights for as long as this. */
  readonly startFloorMs: number;
  /** A trainer that is to be adopted answers within this, or is frozen. */
  readonly pingMs: number;
  /** Between two looks of work that no attempt has, or that waits for a host. */
  readonly lookMs: number;
  /** After SIGTERM, before SIGKILL. */
  readonly stopMs: number;
  /** The same, when the link is lost, or the worker ends and does not say by when. */
  readonly shutdownMs: number;
}

export const TIMING: StageTiming = {
  beatMs: 400,
  heartbeatShare: 1 / 6,
  // More than the 120 s of a training's own watchdog, which tells all stacks.
  hangFloorMs: 150_000,
  hangFactor: 20,
  // More than the 30 min that its watchdog gives a part of the start, a line in the log each 30 s.
  startFloorMs: 2_250_000,
  pingMs: 10_000,
  lookMs: 1000,
  stopMs: 600_000,
  shutdownMs: 20_000,
};

export function timingOf(deps: StageDeps): StageTiming {
  return { ...TIMING, ...deps.timing };
}
