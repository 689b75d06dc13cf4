import { CancellationScope } from '@temporalio/workflow';
import type { ClosedStage, StageResult } from '../contracts/outcome.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { StageName } from '../contracts/stages.js';
import type { PlanState } from '../contracts/state.js';
import type { StageContext } from './stage-configuration.js';
import { advance, initialState, type PlanEvent, type StageTotals } from './policy/state.js';

/** Second argument of the workflow: what a new run of a closed plan begins with. */
export interface PlanOptions {
  /** The stage whose generation this run has raised; earlier stages come from their results. */
  readonly retryFrom?: StageName;
  readonly generations?: Readonly<Partial<Record<StageName, number>>>;
}

/** Why a stage's scope was cancelled by us; the plan's own cancellation is not among them. */
export type StopReason = 'pause' | 'cap' | 'go-back';

/** Leaves the story, which then begins again: what is finished comes from memory. */
export class GoBack extends Error {
  override readonly name = 'GoBack';
}

type WithoutTime<E> = E extends unknown ? Omit<E, 'at'> : never;

/** What the handlers and the story share. All of it is plain data but the running stage's scope. */
export class PlanRun {
  state: PlanState;
  readonly generations: Partial<Record<StageName, number>>;
  readonly results: Partial<Record<StageName, StageResult>> = {};
  /** By stage key, for a stage that went back has several. */
  readonly closed: Record<string, { stage: StageName; fold: ClosedStage }> = {};
  pauseRequested = false;
  goBackTo: StageName | null = null;
  stopReason: StopReason | null = null;
  /** A GPU stage has run since hosts were last given back. */
  hostsHeld = false;
  context: StageContext;
  running: { stage: StageName; scope: CancellationScope } | null = null;
  #schedules = 0;
  #onChange: (run: PlanRun) => void = () => undefined;

  constructor(
    readonly plan: ResolvedPlan,
    options: PlanOptions,
    startedAt: string,
  ) {
    this.state = initialState(plan, startedAt);
    this.generations = { ...options.generations };
    this.context = { startedAt, modelFolder: '' };
  }

  /** Called after every event; the dashboard hangs on it. */
  onChange(listener: (run: PlanRun) => void): void {
    this.#onChange = listener;
    listener(this);
  }

  record(event: WithoutTime<PlanEvent>): void {
    // Inside the sandbox this is the workflow's own time, the same in every replay.
    this.state = advance(this.state, { ...event, at: new Date().toISOString() } as PlanEvent);
    this.#onChange(this);
  }

  /** Unique among the activities of this run, so that the supervisor finds the stage's. */
  nextActivityId(stage: StageName): string {
    this.#schedules += 1;
    return `${stage}#${this.#schedules}`;
  }

  /** Ends the running stage softly: its activity returns `stopped` after a last checkpoint. */
  stopStage(reason: StopReason): void {
    this.stopReason = reason;
    this.running?.scope.cancel();
  }

  totals(stage: StageName): StageTotals {
    const all = Object.values(this.closed);
    const folds = all.filter((entry) => entry.stage === stage).map(({ fold }) => fold);
    return {
      attempts: folds.reduce((sum, fold) => sum + fold.attempts, 0),
      interruptions: folds.flatMap((fold) => fold.interruptions),
      spentFen: Math.max(0, ...all.map(({ fold }) => fold.totalFen)),
    };
  }
}
