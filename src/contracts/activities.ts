import type { ArtifactRef } from './base.js';
import type { MicroBatchBudget } from './budget.js';
import type { ClosedStage, StageOutcome, StageResult, TrainedSoFar } from './outcome.js';
import type { ResolvedPlan } from './plan.js';
import type { Shard } from './shards.js';
import type { StoreConfig } from './store.js';
import type { PlanState, Summary } from './state.js';
import type { StageName, WorkKind } from './stages.js';
import type { CaseRef } from './trace.js';

/** The part of a plan that a stage depends on; it goes into the stage key as it is. */
export type StageConfiguration = Readonly<Record<string, unknown>>;

export interface OpenedPlan {
  /** By earlier runs of the same plan id, whose ledger it is too. */
  readonly spentFen: number;
}

export interface ResolveStageInput {
  readonly planId: string;
  readonly stage: StageName;
  /** Whose work this is, as full-train of a pilot's training; left out: the stage's own. */
  readonly kind?: WorkKind;
  readonly configuration: StageConfiguration;
  readonly inputs: Readonly<Record<string, ArtifactRef>>;
  readonly generation: number;
  /** Of an evaluation: its key is the same whatever they are, but each has a key of its own. */
  readonly shards?: readonly Shard[];
  readonly store: StoreConfig;
}

export interface ResolvedShard {
  readonly stageKey: string;
  readonly finished: StageResult | null;
}

export interface ResolvedStage {
  readonly stageKey: string;
  readonly codeDigest: string;
  /** A result of the same work, of this plan or another. */
  readonly finished: StageResult | null;
  /** In the order asked for; left out where none were. */
  readonly shards?: readonly ResolvedShard[];
}

/** Input of every stage's activity. */
export interface StageInput {
  readonly planId: string;
  readonly stage: StageName;
  /** Of a stage of several works: names this one's run directory below the stage's. */
  readonly part?: string;
  readonly stageKey: string;
  readonly codeDigest: string;
  readonly configuration: StageConfiguration;
  readonly inputs: Readonly<Record<string, ArtifactRef>>;
  /** Of earlier trainings of the plan: how a step is computed, not what it is, so not in the key. */
  readonly budgets?: readonly MicroBatchBudget[];
  /** Of the plan; left out by older versions: the worker's own. Never holds credentials. */
  readonly store?: StoreConfig;
  /** Of the plan: a host that is cut off goes on no longer. Left out by older versions. */
  readonly deadlineAt?: string;
}

export interface SuperviseInput {
  readonly planId: string;
  readonly stage: StageName;
  readonly stageKey: string;
  /** Activities to be found among the pending ones, each with the key of its chain. */
  readonly works: readonly SupervisedWork[];
  readonly hosts: ResolvedPlan['hosts'];
  readonly money: ResolvedPlan['money'];
  readonly totalExpected: number | null;
  readonly store: StoreConfig;
}

export interface SupervisedWork {
  readonly activityId: string;
  readonly stageKey: string;
}

export interface CloseInput {
  readonly planId: string;
  readonly stage: StageName;
  readonly stageKey: string;
  /** Keys of the shards that the work was done in; left out: it was done as one. */
  readonly shardKeys?: readonly string[];
  /** Hosts are given back when nothing of the plan needs them any more. */
  readonly releaseHosts: boolean;
  readonly hosts: ResolvedPlan['hosts'];
  readonly store: StoreConfig;
}

export interface ReportInput extends StageInput {
  readonly plan: ResolvedPlan;
  readonly state: PlanState;
  readonly results: Readonly<Partial<Record<StageName, StageResult>>>;
  /** Of a training that was stopped before its end. */
  readonly stopped: StoppedTraining | null;
  /** Why the input `traces` is missing; null or left out: nothing went wrong. */
  readonly notTraced?: string | null;
  /** Keys of the chains that tell of back-offs; left out: those of the results. */
  readonly chains?: readonly string[];
}

export interface ChooseCasesInput {
  readonly planId: string;
  /** Artifacts `answers` of the two evaluations. */
  readonly before: ArtifactRef;
  readonly after: ArtifactRef;
  readonly store: StoreConfig;
}

export interface StoppedTraining {
  readonly checkpoint: ArtifactRef;
  readonly training: TrainedSoFar;
}

export interface PrepActivities {
  download(input: StageInput): Promise<StageOutcome>;
  convert(input: StageInput): Promise<StageOutcome>;
  validate(input: StageInput): Promise<StageOutcome>;
  /** The shards of an evaluation as one. */
  gather(input: StageInput): Promise<StageOutcome>;
  /** Answers after training against those before. */
  compare(input: StageInput): Promise<StageOutcome>;
}

export interface GpuActivities {
  smokeTrain(input: StageInput): Promise<StageOutcome>;
  fullTrain(input: StageInput): Promise<StageOutcome>;
  evaluate(input: StageInput): Promise<StageOutcome>;
  /** How the answers of the report's cases form, before and after. */
  traceCases(input: StageInput): Promise<StageOutcome>;
}

export interface ControlActivities {
  /** Opens the ledger and checks a plan that did not come through our CLI. */
  openPlan(input: { plan: ResolvedPlan }): Promise<OpenedPlan>;
  resolveStage(input: ResolveStageInput): Promise<ResolvedStage>;
  /** Runs beside a GPU stage until cancelled; tells the workflow by `stageNews`. */
  superviseStage(input: SuperviseInput): Promise<void>;
  closeStage(input: CloseInput): Promise<ClosedStage>;
  /** By hand or by rule, from the answers of both evaluations. */
  chooseCases(input: ChooseCasesInput): Promise<CaseRef[]>;
  report(input: ReportInput): Promise<StageOutcome>;
  /** Writes runs/<planId>/summary.json. */
  writeSummary(input: { summary: Summary }): Promise<{ path: string }>;
}

export interface ProbeActivities {
  /** What the host is and has; served on its own queue beside the training slot. */
  probeHost(): Promise<import('./journal.js').HostRecord>;
}
