import {
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import type { StageConfiguration, StageInput } from '../contracts/activities.js';
import type { ArtifactRef } from '../contracts/base.js';
import type { ClosedStage, StageOutcome, StageResult } from '../contracts/outcome.js';
import { isGpuStage, type StageName, type WorkKind } from '../contracts/stages.js';
import { closeStage } from './close.js';
import { typedFailure } from './ending.js';
import type { PlanRun } from './plan-run.js';
import { stageOf } from './policy/stage-state.js';
import { control } from './proxies.js';
import { runActivity } from './run-activity.js';

export type Inputs = Readonly<Record<string, ArtifactRef>>;

/** One activity's work. Most stages are one; a pilot is several, each of the kind of another stage. */
export interface Work {
  readonly stage: StageName;
  readonly kind: WorkKind;
  readonly part?: string;
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
  const input = await resolve(run, work);
  if ('finished' in input) return finish(run, input.finished, true);
  run.stageKeys.delete(stage);
  run.stageKeys.set(stage, input.stageKey);
  let closed: ClosedStage | null = null;
  for (;;) {
    // What was asked before anything was scheduled needs no cancelling.
    const ended = await obey(run, work, input.stageKey, closed);
    if (ended) return ended;
    // A stage of several works goes on with its clock.
    if (stageOf(run.state, stage).status !== 'running') run.apply({ type: 'stageStarted', stage });
    const done = await attemptAndClose(run, work, input);
    closed = done.closed;
    if (done.outcome.kind === 'finished') return finish(run, done.outcome.result, false);
    // Nobody but a cancelled plan is left who could have stopped it.
    if (run.intent === null) throw new CancelledFailure('the plan was cancelled');
  }
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
  { stage, kind, part, configuration, inputs, redoneWith = stage }: Work,
): Promise<StageInput | { finished: StageResult }> {
  const { id: planId, store } = run.plan;
  const generation = run.generations.get(redoneWith) ?? 0;
  const asked = { planId, stage, kind, configuration, inputs, generation, store };
  const name = part === undefined ? stage : `${stage} ${part}`;
  const resolved = await control.resolveStage.executeWithOptions(
    { summary: `names ${name} by its inputs; looks whether it is done already` },
    [asked],
  );
  if (resolved.finished) return { finished: resolved.finished };
  const { stageKey, codeDigest } = resolved;
  const own = { ...(part === undefined ? {} : { part }), ...budgetsFor(run, kind) };
  return { planId, stage, ...own, stageKey, codeDigest, configuration, inputs, store };
}

/** What earlier trainings found to fit, for one that would find it out again by failing. */
function budgetsFor({ budgets }: PlanRun, kind: Work['kind']): Pick<StageInput, 'budgets'> {
  const trains = kind === 'smoke-train' || kind === 'full-train';
  return trains && budgets.length > 0 ? { budgets } : {};
}

/** The journal is folded however the activity ended. */
async function attemptAndClose(
  run: PlanRun,
  work: Work,
  input: StageInput,
): Promise<{ outcome: StageOutcome; closed: ClosedStage | null }> {
  const { stage } = work;
  const close = (): Promise<ClosedStage | null> =>
    onHost(work) ? closeStage(run, stage, input.stageKey, false) : Promise.resolve(null);
  try {
    const outcome = await attempt(run, work, input);
    return { outcome, closed: await close() };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One scheduling of the activity in a scope of its own, which pause, cap and go-back cancel. */
async function attempt(run: PlanRun, work: Work, input: StageInput): Promise<StageOutcome> {
  const scope = new CancellationScope();
  run.scope = scope;
  try {
    return await scope.run(() => runActivity(run, work, input));
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

/** Whether hosts may be out for it, and a chain tells of its attempts. */
const onHost = ({ stage, kind }: Work): boolean => isGpuStage(stage) || kind === 'trace';

/** Hosts are given back; the chain keeps everything. Returns where to go back to, if asked while paused. */
async function pause(run: PlanRun, work: Work, stageKey: string): Promise<StageName | null> {
  const { stage } = work;
  if (onHost(work)) await closeStage(run, stage, stageKey, true);
  run.apply({ type: 'paused', stage });
  await condition(() => run.state.status !== 'paused' || run.intent?.kind === 'go-back');
  const intent = takeIntent(run);
  return intent?.kind === 'go-back' ? intent.to : null;
}
