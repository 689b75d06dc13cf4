import {
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import type { StageConfiguration, StageInput } from '../contracts/activities.js';
import type { ArtifactRef } from '../contracts/base.js';
import type { ClosedStage, StageOutcome, StageResult } from '../contracts/outcome.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import { isGpuStage, type StageName, type WorkKind } from '../contracts/stages.js';
import { closeStage } from './close.js';
import { typedFailure } from './ending.js';
import { inShards, type ShardOfWork, shardsOfWork } from './in-shards.js';
import type { PlanRun } from './plan-run.js';
import { shardsOf } from './policy/shards.js';
import { stageOf } from './policy/stage-state.js';
import { control } from './proxies.js';
import { runActivity } from './run-activity.js';

export type Inputs = Readonly<Record<string, ArtifactRef>>;

/** Work with a result of its own. Most stages are one; a pilot is several, of the kinds of others. */
export interface Work {
  readonly stage: StageName;
  readonly kind: WorkKind;
  readonly part?: string;
  /** Of an evaluation: what is asked, in shards. */
  readonly evaluation?: ResolvedPlan['evaluation'];
  /** The stage that this is done again with; left out: its own. */
  readonly redoneWith?: StageName;
  readonly configuration: StageConfiguration;
  readonly inputs: Inputs;
  /** What the UI shows of the activity, at most 400 bytes. */
  readonly summary: string;
}

export type WorkEnd =
  | { readonly kind: 'finished'; readonly result: StageResult; readonly cached: boolean }
  /** Ended before its time by the plan itself: the cap, or a failure that leaves a checkpoint. */
  | { readonly kind: 'stopped'; readonly checkpoint: ClosedStage['newestCheckpoint'] }
  | { readonly kind: 'went-back'; readonly to: StageName };

/** Carries one work to its end, over pauses; what was finished under the same key is not done again. */
export async function carryOut(run: PlanRun, work: Work): Promise<WorkEnd> {
  const { stage } = work;
  const task = await resolve(run, work);
  if ('finished' in task) return finish(run, task.finished, true);
  const { stageKey } = task.input;
  run.stageKeys.delete(stage);
  run.stageKeys.set(stage, stageKey);
  if (task.shards)
    run.shardKeys.set(
      stageKey,
      task.shards.map((shard) => shard.stageKey),
    );
  let closed: ClosedStage | null = null;
  for (;;) {
    // What was asked before anything was scheduled needs no cancelling.
    const ended = await obey(run, work, stageKey, closed);
    if (ended) return ended;
    // A stage of several works goes on with its clock.
    if (stageOf(run.state, stage).status !== 'running') run.apply({ type: 'stageStarted', stage });
    const done = await attemptAndClose(run, work, task);
    closed = done.closed;
    if (done.outcome.kind === 'finished') return finish(run, done.outcome.result, false);
    // Nobody but a cancelled plan is left who could have stopped it.
    if (run.intent === null) throw new CancelledFailure('the plan was cancelled');
  }
}

/** What is to be done of a work. */
interface Task {
  readonly input: StageInput;
  readonly shards: ShardOfWork[] | null;
}

/** Carries out why the plan wanted the work to stop; null: it may go on. */
async function obey(
  run: PlanRun,
  work: Work,
  stageKey: string,
  closed: ClosedStage | null,
): Promise<WorkEnd | null> {
  const intent = takeIntent(run);
  switch (intent?.kind) {
    case undefined:
      return null;
    case 'go-back':
      return { kind: 'went-back', to: intent.to };
    case 'cap':
      return { kind: 'stopped', checkpoint: closed?.newestCheckpoint ?? null };
    case 'pause': {
      const to = await pause(run, work, stageKey);
      return to ? { kind: 'went-back', to } : null;
    }
  }
}

async function resolve(
  run: PlanRun,
  { stage, kind, part, configuration, inputs, evaluation, redoneWith = stage }: Work,
): Promise<Task | { finished: StageResult }> {
  const { id: planId, store } = run.plan;
  const generation = run.generations.get(redoneWith) ?? 0;
  const asked = { planId, stage, kind, configuration, inputs, generation, store };
  const shards = evaluation ? shardsOf(evaluation) : null;
  const name = part === undefined ? stage : `${stage} ${part}`;
  const resolved = await control.resolveStage.executeWithOptions(
    { summary: `names ${name} by its inputs; looks whether it is done already` },
    [shards ? { ...asked, shards } : asked],
  );
  const parts = resolved.shards ?? [];
  for (const { stageKey } of [resolved, ...parts]) run.chains.add(stageKey);
  if (resolved.finished) return { finished: resolved.finished };
  const { stageKey, codeDigest } = resolved;
  const own = { ...(part === undefined ? {} : { part }), ...budgetsFor(run, kind) };
  const { deadlineAt } = run.state;
  const named = { planId, stage, ...own, stageKey, codeDigest };
  const input = { ...named, configuration, inputs, store, deadlineAt };
  return { input, shards: shards && shardsOfWork(shards, parts) };
}

/** What earlier trainings found to fit, for one that would find it out again by failing. */
function budgetsFor({ budgets }: PlanRun, kind: Work['kind']): Pick<StageInput, 'budgets'> {
  const trains = kind === 'smoke-train' || kind === 'full-train';
  return trains && budgets.length > 0 ? { budgets } : {};
}

/** The journal is folded however the activities ended. */
async function attemptAndClose(
  run: PlanRun,
  work: Work,
  task: Task,
): Promise<{ outcome: StageOutcome; closed: ClosedStage | null }> {
  const { stage, kind } = work;
  const close = (): Promise<ClosedStage | null> =>
    hasChain(kind) ? closeStage(run, stage, task.input.stageKey, false) : Promise.resolve(null);
  try {
    const outcome = await attempt(run, work, task);
    return { outcome, closed: await close() };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One scheduling of the activities in a scope of its own, which pause, cap and go-back cancel. */
async function attempt(run: PlanRun, work: Work, { input, shards }: Task): Promise<StageOutcome> {
  const scope = new CancellationScope();
  run.scope = scope;
  try {
    return await scope.run(() =>
      shards ? inShards(run, work, input, shards) : runActivity(run, work, input),
    );
  } catch (error) {
    // A cancel on a dead host ends in a timeout: the scope's state tells, not the error.
    if (scope.consideredCancelled || isCancellation(error))
      return { kind: 'stopped', checkpoint: null };
    throw typedFailure(error);
  } finally {
    run.scope = null;
  }
}

function takeIntent(run: PlanRun): PlanRun['intent'] {
  const intent = run.intent;
  run.intent = null;
  return intent;
}

function finish(run: PlanRun, result: StageResult, cached: boolean): WorkEnd {
  // The cap was reached as the work finished by itself: nothing is left to stop.
  if (run.intent?.kind === 'cap') run.intent = null;
  run.learn(result);
  return { kind: 'finished', result, cached };
}

/** Whether it is done on a host, and a chain tells of its attempts. */
const hasChain = (kind: WorkKind): boolean => isGpuStage(kind) || kind === 'trace';

/** Hosts are given back; the chain keeps everything. Returns where to go back to, if asked while paused. */
async function pause(run: PlanRun, work: Work, stageKey: string): Promise<StageName | null> {
  const { stage, kind } = work;
  if (isGpuStage(stage) || hasChain(kind)) await closeStage(run, stage, stageKey, true);
  run.apply({ type: 'paused', stage });
  await condition(() => run.state.status !== 'paused' || run.intent?.kind === 'go-back');
  const intent = takeIntent(run);
  return intent?.kind === 'go-back' ? intent.to : null;
}
