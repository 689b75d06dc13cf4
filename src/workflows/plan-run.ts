import { CancellationScope, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { OpenedPlan } from '../contracts/activities.js';
import { askableHosts } from '../contracts/asking.js';
import type { ArtifactRef } from '../contracts/base.js';
import { leastByDevice, type MicroBatchBudget } from '../contracts/budget.js';
import type { ClosedStage, StageResult, TrainedSoFar } from '../contracts/outcome.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import { type StageName, STAGES } from '../contracts/stages.js';
import type { PlanState } from '../contracts/state.js';
import { dashboard } from './policy/dashboard.js';
import { advance, initialState, type PlanEvent } from './policy/state.js';

/** Omit over each member of a union. */
type Untimed<E> = E extends { readonly at: string } ? Omit<E, 'at'> : never;

/** Why the running stage's scope was cancelled by the plan itself. */
export type Intent =
  | { readonly kind: 'pause' }
  | { readonly kind: 'go-back'; readonly to: StageName }
  | { readonly kind: 'cap' };

/** A model to evaluate: what training finished with, or a checkpoint's folder. */
export interface TrainedModel {
  readonly artifact: ArtifactRef;
  readonly folder: '' | 'model';
}

/** What a pilot has decided: the plan with the winner's values, and its documents if it has others. */
export interface Chosen {
  readonly plan: ResolvedPlan;
  readonly results: Readonly<Partial<Record<'convert' | 'validate', StageResult>>>;
}

/** Everything a run of a plan knows; changed by events only, so that a replay comes to the same. */
export class PlanRun {
  state: PlanState;
  results: Partial<Record<StageName, StageResult>> = {};
  trained: TrainedModel | null = null;
  chosen: Chosen | null = null;
  /** Why the report has no traces of its cases; null: it has, or there are none to have. */
  notTraced: string | null = null;
  intent: Intent | null = null;
  /** What micro-batches may hold on devices that ran out of memory in a training of this plan. */
  budgets: readonly MicroBatchBudget[] = [];
  /** Whether hosts may still be at work for this run. */
  hostsOut = false;
  /** Of the stage that runs now. */
  scope: CancellationScope | null = null;
  /** The stage that the plan is at, running or about to. */
  stage: StageName = 'download';
  /** Key under which each stage was carried out last, in the order of their beginning. */
  readonly stageKeys = new Map<StageName, string>();
  /** Keys of the shards of each evaluation, by its own. */
  readonly shardKeys = new Map<string, readonly string[]>();
  /** Raised by retryFrom: the same work under another stage key. */
  readonly generations = new Map<StageName, number>();
  /** Keys of the chains of all works, each shard’s too, whoever carried them out. */
  readonly chains = new Set<string>();
  /** Folds of earlier stage keys of a stage, which count too. */
  readonly closed = new Map<string, ClosedStage>();

  constructor(
    readonly plan: ResolvedPlan,
    readonly startedAt: string,
  ) {
    this.state = initialState(plan, startedAt);
  }

  /** The plan as full-train carries it out. */
  get settings(): ResolvedPlan {
    return this.chosen?.plan ?? this.plan;
  }

  /** Results of the stages, those of the winner's own documents in place of the plan's. */
  get known(): Readonly<Partial<Record<StageName, StageResult>>> {
    return { ...this.results, ...this.chosen?.results };
  }

  /** Figures of a training that was stopped; null before its first checkpoint. */
  get trainedSoFar(): TrainedSoFar | null {
    const key = this.stageKeys.get('full-train');
    return this.closed.get(`full-train ${key}`)?.training ?? null;
  }

  #activities = 0;

  /** Activity ids are ours so that a supervisor can find its stage among the pending ones. */
  nextActivity(): number {
    this.#activities += 1;
    return this.#activities;
  }

  /** The workflow's own time: inside the sandbox Date is Temporal's. */
  now(): string {
    return new Date().toISOString();
  }

  apply(event: Untimed<PlanEvent>): void {
    const before = this.state;
    this.state = advance(this.state, { ...event, at: this.now() } as PlanEvent);
    setCurrentDetails(dashboard(this.state, this.plan.language, this.now()));
    if (changed(before, this.state)) upsertSearchAttributes(searchAttributes(this.state));
  }

  /** Undefined in histories of older versions. */
  spentBefore(opened: OpenedPlan | undefined): void {
    if (opened) this.apply({ type: 'opened', spentFen: opened.spentFen });
  }

  /** Another generation of this stage and of all after it: nothing old is taken for the new. */
  raiseGenerations(from: StageName): void {
    const generation = Date.parse(this.now());
    for (const stage of STAGES.slice(STAGES.indexOf(from))) {
      this.generations.set(stage, generation);
      delete this.results[stage];
      // What an older generation trained is not what this one evaluates.
      if (stage === 'full-train') this.trained = null;
      if (stage === 'pilot') this.chosen = null;
    }
  }

  /** What training has left: to be evaluated, and to be exported with its tokenizer. */
  leave(
    artifact: ArtifactRef,
    folder: TrainedModel['folder'],
    { base, tokenizer }: Readonly<Record<string, ArtifactRef>>,
  ): void {
    this.trained = { artifact, folder };
    const { store } = this.plan;
    const { systemPrompt } = this.settings.data;
    const hosts = askableHosts(this.plan);
    const from = { tokenizer: tokenizer!, ...(base ? { base } : {}), systemPrompt, hosts, store };
    const model = { artifact, folder, ...from };
    this.apply({ type: 'trained', model });
  }

  learn({ metrics }: StageResult): void {
    const found = metrics.kind === 'smoke-train' || metrics.kind === 'full-train';
    if (found) this.budgets = leastByDevice([...this.budgets, ...(metrics.budgets ?? [])]);
  }

  interrupt(intent: Intent): void {
    this.intent = intent;
    this.scope?.cancel();
  }
}

interface Attributes {
  readonly PlanStage: string[];
  readonly PlanStatus: string[];
  readonly PlanInterruptions: number[];
  readonly PlanSpentFen: number[];
  readonly [name: string]: string[] | number[];
}

function searchAttributes(state: PlanState): Attributes {
  const running = state.stages.findLast((stage) => stage.status !== 'waiting');
  return {
    PlanStage: [running?.name ?? 'download'],
    PlanStatus: [state.status],
    PlanInterruptions: [state.interruptions.length],
    PlanSpentFen: [state.spentFen],
  };
}

/** Each upsert is an event of the history, so only a real change makes one. */
function changed(before: PlanState, after: PlanState): boolean {
  return JSON.stringify(searchAttributes(before)) !== JSON.stringify(searchAttributes(after));
}
