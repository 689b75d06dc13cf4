import type { Anchored } from '../../contracts/anchor.js';
import type { Answering } from '../../contracts/answering.js';
import type { ClosedStage } from '../../contracts/outcome.js';
import type { ResolvedPlan } from '../../contracts/plan.js';
import { type StageName, stagesOf } from '../../contracts/stages.js';
import type { Pilot } from '../../contracts/pilot.js';
import type { Compared } from '../../contracts/verdict.js';
import type { Quote } from '../../contracts/quote.js';
import type { FineTuned, LastCheckpoint, PlanState, StageNews } from '../../contracts/state.js';
import { tick } from './checklist.js';
import {
  closed,
  ended,
  segmentEnds,
  started,
  waitingStage,
  wentBack,
  withNews,
  withStatus,
} from './stage-state.js';

/** Everything that can happen to a plan. `at` is the workflow's own time. */
export type PlanEvent = { readonly at: string } & (
  | { readonly type: 'opened'; readonly spentFen: number }
  | { readonly type: 'stageStarted'; readonly stage: StageName }
  | { readonly type: 'stageCached'; readonly stage: StageName }
  | { readonly type: 'stageFinished'; readonly stage: StageName }
  | { readonly type: 'stageStopped'; readonly stage: StageName; readonly message: string }
  | { readonly type: 'stageFailed'; readonly stage: StageName; readonly message: string }
  | { readonly type: 'stageCancelled'; readonly stage: StageName }
  | { readonly type: 'stageClosed'; readonly stage: StageName; readonly totals: StageTotals }
  | { readonly type: 'pauseRequested'; readonly stage: StageName | null }
  | { readonly type: 'paused'; readonly stage: StageName | null }
  | { readonly type: 'resumed' }
  | { readonly type: 'wentBack'; readonly stage: StageName }
  | { readonly type: 'news'; readonly news: StageNews }
  | { readonly type: 'quoted'; readonly quote: Quote }
  | { readonly type: 'awaitingApproval' }
  | { readonly type: 'approved'; readonly by: string }
  | { readonly type: 'stoppedAtCap' }
  | { readonly type: 'trained'; readonly model: FineTuned }
  | { readonly type: 'checkpointed'; readonly checkpoint: LastCheckpoint }
  | { readonly type: 'pilotTold'; readonly pilot: Pilot }
  | { readonly type: 'anchored'; readonly anchor: Anchored | null }
  | { readonly type: 'compared'; readonly compared: Compared }
  | { readonly type: 'answering'; readonly answering: Answering }
  | { readonly type: 'answered'; readonly answers: NonNullable<PlanState['answers']> }
  | { readonly type: 'ticked'; readonly item: string }
  | { readonly type: 'tickedBefore'; readonly ticked: PlanState['ticked'] }
  | {
      readonly type: 'ended';
      readonly status: 'finished' | 'cancelled' | 'failed';
      readonly failure: string | null;
    }
);

/** What the folds of a stage's journals add up to, over all its stage keys. */
export interface StageTotals {
  readonly attempts: number;
  readonly interruptions: ClosedStage['interruptions'];
  readonly spentFen: number;
}

export function initialState(plan: ResolvedPlan, startedAt: string): PlanState {
  const deadline = new Date(Date.parse(startedAt) + plan.deadlineSeconds * 1000);
  const state: PlanState = {
    planId: plan.id,
    title: plan.title,
    status: 'running',
    startedAt,
    deadlineAt: deadline.toISOString(),
    stages: stagesOf(plan).map(waitingStage),
    current: null,
    quote: null,
    gate: { status: 'closed', approvedBy: null, at: null },
    interruptions: [],
    spentFen: 0,
    capFen: plan.money.capFen,
    stoppedAtCap: false,
    ticked: {},
    model: null,
    checkpoint: null,
    pilot: null,
    anchor: null,
    compared: null,
    answering: null,
    answers: null,
    failure: null,
  };
  return tick(state, 'plan-started', startedAt);
}

/** The next state; never changes the one it gets. */
export function advance(state: PlanState, event: PlanEvent): PlanState {
  switch (event.type) {
    case 'stageStarted':
      return started(state, event.stage, event.at);
    case 'stageCached':
      return tick(ended(state, event, { status: 'finished', cached: true }), event.stage, event.at);
    case 'stageFinished':
      // What it waited for, as a host that nobody started, is over.
      return tick(
        ended(state, event, { status: 'finished', message: null }),
        event.stage,
        event.at,
      );
    case 'stageStopped':
      return ended(state, event, { status: 'stopped', message: event.message });
    case 'stageFailed':
      return ended(state, event, { status: 'failed', message: event.message });
    case 'stageCancelled':
      return ended(state, event, { status: 'cancelled' });
    case 'stageClosed':
      return closed(state, event.stage, event.totals);
    case 'wentBack':
      return wentBack(state, event.stage);
    case 'news':
      return withNews(state, event.news, event.at);
    default:
      return advancePlan(state, event);
  }
}

type PlanWide = Extract<
  PlanEvent,
  {
    type:
      | 'opened'
      | 'pauseRequested'
      | 'paused'
      | 'resumed'
      | 'quoted'
      | 'awaitingApproval'
      | 'approved'
      | 'stoppedAtCap'
      | 'trained'
      | 'checkpointed'
      | 'pilotTold'
      | 'anchored'
      | 'compared'
      | 'answering'
      | 'answered'
      | 'ticked'
      | 'tickedBefore'
      | 'ended';
  }
>;

function advancePlan(state: PlanState, event: PlanWide): PlanState {
  switch (event.type) {
    case 'opened':
      return { ...state, spentFen: event.spentFen };
    case 'pauseRequested':
      return { ...withStatus(state, event.stage, 'pausing'), status: 'pausing' };
    case 'paused': {
      const paused = event.stage === null ? state : segmentEnds(state, event.stage, event.at);
      return { ...withStatus(paused, event.stage, 'paused'), status: 'paused' };
    }
    case 'resumed':
      return { ...state, status: 'running' };
    case 'quoted':
      return { ...state, quote: event.quote };
    case 'awaitingApproval':
      return { ...state, status: 'awaiting-approval', gate: { ...state.gate, status: 'waiting' } };
    case 'approved':
      return {
        ...state,
        status: state.status === 'awaiting-approval' ? 'running' : state.status,
        gate: { status: 'approved', approvedBy: event.by, at: event.at },
      };
    case 'stoppedAtCap':
      return { ...state, stoppedAtCap: true };
    case 'trained':
      return { ...state, model: event.model };
    case 'checkpointed':
      return { ...state, checkpoint: event.checkpoint };
    case 'pilotTold':
      return { ...state, pilot: event.pilot };
    case 'anchored':
      return { ...state, anchor: event.anchor };
    case 'compared':
      return { ...state, compared: event.compared };
    case 'answering':
      return { ...state, answering: event.answering };
    case 'answered':
      return { ...state, answers: event.answers };
    case 'ticked':
      return { ...state, ticked: { ...state.ticked, [event.item]: event.at } };
    case 'tickedBefore':
      return { ...state, ticked: { ...event.ticked, ...state.ticked } };
    case 'ended':
      return {
        ...state,
        status: event.status,
        failure: event.failure,
        current: null,
        answering: null,
      };
  }
}
