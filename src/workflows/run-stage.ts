import {
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import type { StageInput } from '../contracts/activities.js';
import type { ArtifactRef } from '../contracts/base.js';
import type { ClosedStage, StageOutcome, StageResult } from '../contracts/outcome.js';
import { isGpuStage, type StageName } from '../contracts/stages.js';
import { closeStage } from './close.js';
import { typedFailure } from './ending.js';
import type { PlanRun } from './plan-run.js';
import { control } from './proxies.js';
import { runActivity } from './run-activity.js';
import { stageConfiguration } from './stage-configuration.js';

export type StageEnd =
  | { readonly kind: 'finished'; readonly result: StageResult }
  /** Ended before its time by the plan itself: the cap, or a failure that leaves a checkpoint. */
  | { readonly kind: 'stopped'; readonly checkpoint: ClosedStage['newestCheckpoint'] }
  | { readonly kind: 'went-back'; readonly to: StageName };

/** Carries one stage to its end, over pauses; a finished stage of the same key is not done again. */
export async function runStage(
  run: PlanRun,
  stage: StageName,
  inputs: Readonly<Record<string, ArtifactRef>>,
): Promise<StageEnd> {
  run.stage = stage;
  const input = await resolve(run, stage, inputs);
  if ('finished' in input) return finish(run, stage, input.finished, true);
  run.stageKeys.delete(stage);
  run.stageKeys.set(stage, input.stageKey);
  let closed: ClosedStage | null = null;
  for (;;) {
    // What was asked before anything was scheduled needs no cancelling.
    const ended = await obey(run, stage, input.stageKey, closed);
    if (ended) return ended;
    run.apply({ type: 'stageStarted', stage });
    const done = await attemptAndClose(run, stage, input);
    closed = done.closed;
    if (done.outcome.kind === 'finished') return finish(run, stage, done.outcome.result, false);
    // Nobody but a cancelled plan is left who could have stopped it.
    if (run.intent === null) throw new CancelledFailure('the plan was cancelled');
  }
}

/** Carries out why the plan wanted the stage to stop; null: it may go on. */
async function obey(
  run: PlanRun,
  stage: StageName,
  stageKey: string,
  closed: ClosedStage | null,
): Promise<StageEnd | null> {
  const intent = takeIntent(run);
  switch (intent?.kind) {
    case undefined:
      return null;
    case 'go-back':
      return { kind: 'went-back', to: intent.to };
    case 'cap':
      run.apply({ type: 'stoppedAtCap' });
      run.apply({ type: 'stageStopped', stage, message: 'the cap of the plan is near' });
      return { kind: 'stopped', checkpoint: closed?.newestCheckpoint ?? null };
    case 'pause': {
      const to = await pause(run, stage, stageKey);
      return to ? { kind: 'went-back', to } : null;
    }
  }
}

async function resolve(
  run: PlanRun,
  stage: StageName,
  inputs: Readonly<Record<string, ArtifactRef>>,
): Promise<StageInput | { finished: StageResult }> {
  const facts = { startedAt: run.startedAt, modelFolder: run.trained?.folder ?? '' } as const;
  const modelFolder = stage === 'eval-before' ? '' : facts.modelFolder;
  const configuration = stageConfiguration(run.plan, stage, { ...facts, modelFolder });
  const { id: planId, store } = run.plan;
  const generation = run.generations.get(stage) ?? 0;
  const asked = { planId, stage, configuration, inputs, generation, store };
  const resolved = await control.resolveStage.executeWithOptions(
    { summary: `names ${stage} by its inputs; looks whether it is done already` },
    [asked],
  );
  if (resolved.finished) return { finished: resolved.finished };
  const { stageKey, codeDigest } = resolved;
  return { planId, stage, stageKey, codeDigest, configuration, inputs, store };
}

/** The journal is folded however the activity ended. */
async function attemptAndClose(
  run: PlanRun,
  stage: StageName,
  input: StageInput,
): Promise<{ outcome: StageOutcome; closed: ClosedStage | null }> {
  const close = (): Promise<ClosedStage | null> =>
    isGpuStage(stage) ? closeStage(run, stage, input.stageKey, false) : Promise.resolve(null);
  try {
    const outcome = await attempt(run, stage, input);
    return { outcome, closed: await close() };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One scheduling of the activity in a scope of its own, which pause, cap and go-back cancel. */
async function attempt(run: PlanRun, stage: StageName, input: StageInput): Promise<StageOutcome> {
  const scope = new CancellationScope();
  run.scope = scope;
  try {
    return await scope.run(() => runActivity(run, stage, input));
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

function finish(run: PlanRun, stage: StageName, result: StageResult, cached: boolean): StageEnd {
  run.results[stage] = result;
  // The cap was reached as the stage finished by itself: nothing is left to stop.
  if (run.intent?.kind === 'cap') run.intent = null;
  run.apply({ type: cached ? 'stageCached' : 'stageFinished', stage });
  return { kind: 'finished', result };
}

/** Hosts are given back; the chain keeps everything. Returns where to go back to, if asked while paused. */
async function pause(run: PlanRun, stage: StageName, stageKey: string): Promise<StageName | null> {
  if (isGpuStage(stage)) await closeStage(run, stage, stageKey, true);
  run.apply({ type: 'paused', stage });
  await condition(() => run.state.status !== 'paused' || run.intent?.kind === 'go-back');
  const intent = takeIntent(run);
  return intent?.kind === 'go-back' ? intent.to : null;
}
