import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { PlanOptions } from '../contracts/plan-options.js';
import { type StageName, stagesOf } from '../contracts/stages.js';
import { LIMIT_OF_PLAN } from '../contracts/state.js';
import { end, giveHostsBack, planFailure, sentenceOf, typedFailure } from './ending.js';
import { evaluateAfter, evaluateBefore } from './evaluate.js';
import { artifact, common, suites, trainingInputs } from './inputs.js';
import { open } from './opening.js';
import type { PlanRun } from './plan-run.js';
import { failureSentence, judge } from './policy/judgement.js';
import { approvesItself } from './policy/money.js';
import { quote } from './policy/quote.js';
import { pilot, type PilotEnd } from './pilot.js';
import { recordCases } from './record-cases.js';
import { runStage } from './run-stage.js';
import type { WorkEnd } from './carry-out.js';

/** The story: from downloads to a report, whatever happens on the way. */
export async function fiveDayPlan(plan: ResolvedPlan, options: PlanOptions = {}): Promise<void> {
  const run = await open(plan);
  if (options.ticked) run.apply({ type: 'tickedBefore', ticked: options.ticked });
  if (options.retryFrom) run.raiseGenerations(options.retryFrom);
  try {
    await carry(run);
    await end(run, 'finished', null);
  } catch (error) {
    if (isCancellation(error) || CancellationScope.current().consideredCancelled) {
      await CancellationScope.nonCancellable(() => end(run, 'cancelled', null));
      throw error;
    }
    const failure = typedFailure(error);
    const sentence = sentenceOf(run, failure);
    await CancellationScope.nonCancellable(() => end(run, 'failed', sentence));
    throw planFailure(failure, sentence);
  }
  await condition(allHandlersFinished);
}

type Step = (run: PlanRun) => Promise<WorkEnd | PilotEnd>;

/** Every stage and what it is given, in order. */
const STORY: Readonly<Record<StageName, Step>> = {
  download: (run) => runStage(run, 'download', {}),
  convert: (run) =>
    runStage(run, 'convert', {
      dataset: artifact(run, 'download', 'dataset'),
      tokenizer: artifact(run, 'download', 'tokenizer'),
    }),
  validate: (run) =>
    runStage(run, 'validate', { dataset: artifact(run, 'convert', 'dataset'), ...common(run) }),
  'smoke-train': async (run) => {
    const ended = await runStage(run, 'smoke-train', { ...trainingInputs(run), ...suites(run) });
    return ended.kind === 'finished' ? passGate(run, ended) : ended;
  },
  'eval-before': evaluateBefore,
  pilot,
  'full-train': train,
  'eval-after': (run) => {
    if (!run.trained)
      throw ApplicationFailure.nonRetryable(
        'training left no checkpoint to evaluate',
        'NoProgress',
      );
    return evaluateAfter(run, run.trained);
  },
  report: async (run) => {
    const recorded = await recordCases(run);
    if (recorded.kind === 'went-back') return recorded;
    // It needs no GPU, and is tried for a quarter of an hour.
    await giveHostsBack(run);
    return runStage(run, 'report', recorded.inputs);
  },
};

async function carry(run: PlanRun): Promise<void> {
  const order = stagesOf(run.plan);
  for (let at = 0; ; at += 1) {
    const stage = order[at];
    // Also behind the last stage: what was asked during it is not dropped.
    const to = (await waitWhilePaused(run)) ?? (stage ? await step(run, stage) : null);
    if (to !== null) {
      run.raiseGenerations(to);
      run.apply({ type: 'wentBack', stage: to });
      at = order.indexOf(to) - 1;
    } else if (!stage) {
      return;
    }
  }
}

async function step(run: PlanRun, stage: StageName): Promise<StageName | null> {
  const ended = await STORY[stage](run);
  return ended.kind === 'went-back' ? ended.to : null;
}

/** A pause that was asked for between two stages, or during one that had just finished. */
async function waitWhilePaused(run: PlanRun): Promise<StageName | null> {
  if (run.state.status === 'pausing') {
    run.intent = null;
    run.apply({ type: 'paused', stage: null });
  }
  if (run.state.status === 'paused') {
    await condition(() => run.state.status !== 'paused' || run.intent?.kind === 'go-back');
  }
  return takeGoBack(run);
}

function takeGoBack(run: PlanRun): StageName | null {
  if (run.intent?.kind !== 'go-back') return null;
  const { to } = run.intent;
  run.intent = null;
  return to;
}

/** The smoke run's quote; nothing dear happens before somebody, or the plan's own limit, says yes. */
async function passGate(
  run: PlanRun,
  ended: Extract<WorkEnd, { kind: 'finished' }>,
): Promise<WorkEnd> {
  const convert = run.results.convert?.metrics;
  const { metrics } = ended.result;
  if (metrics.kind !== 'smoke-train' || convert?.kind !== 'convert') return ended;
  const offered = quote(run.plan, metrics, convert.convert.rowsKept, run.state.spentFen);
  run.apply({ type: 'quoted', quote: offered });
  const back = await waitWhilePaused(run);
  if (back) return { kind: 'went-back', to: back };
  if (approvesItself(run.plan.money, offered)) {
    run.apply({ type: 'approved', by: LIMIT_OF_PLAN });
    return ended;
  }
  // A person may take days to answer; a host that waits with them costs money.
  await giveHostsBack(run);
  const meanwhile = await waitWhilePaused(run);
  if (meanwhile) return { kind: 'went-back', to: meanwhile };
  run.apply({ type: 'awaitingApproval' });
  await condition(() => run.state.gate.status === 'approved' || run.intent?.kind === 'go-back');
  const to = takeGoBack(run);
  return to ? { kind: 'went-back', to } : ended;
}

/** A failure or the cap still leaves the last finite checkpoint to evaluate. */
async function train(run: PlanRun): Promise<WorkEnd> {
  const inputs = trainingInputs(run);
  const ended = await runStage(run, 'full-train', inputs).catch(
    async (error: unknown): Promise<WorkEnd> => {
      if (!(error instanceof ApplicationFailure)) throw error;
      const failure = { type: error.type ?? 'Error', message: error.message };
      const closed = run.closed.get(`full-train ${run.stageKeys.get('full-train')}`);
      const checkpoint = closed?.newestCheckpoint ?? null;
      if (judge('full-train', failure, checkpoint !== null) === 'fail') throw error;
      const message = failureSentence('full-train', failure, run.plan.language === 'zh');
      run.apply({ type: 'stageStopped', stage: 'full-train', message });
      return { kind: 'stopped', checkpoint };
    },
  );
  if (ended.kind === 'finished') run.leave(ended.result.artifacts['model']!, '', inputs);
  if (ended.kind === 'stopped' && ended.checkpoint) {
    run.leave(ended.checkpoint.artifact, 'model', inputs);
  }
  return ended;
}
