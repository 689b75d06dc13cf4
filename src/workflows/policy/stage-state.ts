import { identityOf } from '../../contracts/journal.js';
import { STAGES, type StageName } from '../../contracts/stages.js';
import type { PlanState, StageNews, StageState } from '../../contracts/state.js';
import { tick } from './checklist.js';
import type { StageTotals } from './state.js';

/** How one stage's part of the plan's state changes; used by the reducer only. */
export function waitingStage(name: StageName): StageState {
  return {
    name,
    status: 'waiting',
    attempts: 0,
    seconds: 0,
    cached: false,
    startedAt: null,
    finishedAt: null,
    message: null,
  };
}

/** State of one stage. */
export function stageOf(state: PlanState, stage: StageName): StageState {
  return state.stages.find(({ name }) => name === stage) ?? waitingStage(stage);
}

export function withStage(
  state: PlanState,
  stage: StageName,
  change: Partial<StageState>,
): PlanState {
  const stages = state.stages.map((s) => (s.name === stage ? { ...s, ...change } : s));
  return { ...state, stages };
}

export function withStatus(
  state: PlanState,
  stage: StageName | null,
  status: StageState['status'],
): PlanState {
  return stage === null ? state : withStage(state, stage, { status });
}

export function started(state: PlanState, stage: StageName, at: string): PlanState {
  const known = stageOf(state, stage);
  const change = { status: 'running', message: null, cached: false } as const;
  const attempts = Math.max(1, known.attempts);
  const running = withStage(state, stage, { ...change, attempts, startedAt: at, finishedAt: null });
  const next: PlanState = { ...running, status: 'running', current: null };
  return stage === 'full-train' ? tick(next, 'full-train-started', at) : next;
}

/** Adds the running segment to the stage's seconds: a pause costs no stage time. */
export function segmentEnds(state: PlanState, stage: StageName, at: string): PlanState {
  const { startedAt, finishedAt, seconds } = stageOf(state, stage);
  if (startedAt === null || finishedAt !== null) return state;
  const segment = Math.max(0, (Date.parse(at) - Date.parse(startedAt)) / 1000);
  return withStage(state, stage, { seconds: seconds + segment, finishedAt: at });
}

export function ended(
  state: PlanState,
  event: { readonly stage: StageName; readonly at: string },
  change: Partial<StageState>,
): PlanState {
  const whole = segmentEnds(state, event.stage, event.at);
  const next = withStage(whole, event.stage, { finishedAt: event.at, ...change });
  const current = state.current?.stage === event.stage ? null : state.current;
  const answering = state.answering?.stage === event.stage ? null : state.answering;
  return { ...next, current, answering };
}

/** The whole journal has been read: its totals replace what signals had told. */
export function closed(state: PlanState, stage: StageName, totals: StageTotals): PlanState {
  const others = state.interruptions.filter((postMortem) => postMortem.stage !== stage);
  const attempts = Math.max(totals.attempts, stageOf(state, stage).attempts);
  return {
    ...withStage(state, stage, { attempts }),
    interruptions: [...others, ...totals.interruptions],
    spentFen: Math.max(state.spentFen, totals.spentFen),
  };
}

/** This stage and all after it wait again; a gate that lay on the way is closed again. */
export function wentBack(state: PlanState, stage: StageName): PlanState {
  const from = STAGES.indexOf(stage);
  const stages = state.stages.map((s) =>
    STAGES.indexOf(s.name) < from ? s : waitingStage(s.name),
  );
  const gated = from <= STAGES.indexOf('smoke-train');
  const trainsAgain = from <= STAGES.indexOf('full-train');
  const answersAgain = from <= STAGES.indexOf('eval-after');
  return {
    ...state,
    status: 'running',
    stages,
    current: null,
    answering: null,
    stoppedAtCap: trainsAgain ? false : state.stoppedAtCap,
    model: trainsAgain ? null : state.model,
    checkpoint: trainsAgain ? null : state.checkpoint,
    anchor: from <= STAGES.indexOf('eval-before') ? null : state.anchor,
    pilot: from <= STAGES.indexOf('pilot') ? null : state.pilot,
    compared: answersAgain ? null : state.compared,
    answers: answersAgain ? null : state.answers,
    quote: gated ? null : state.quote,
    gate: gated ? { status: 'closed', approvedBy: null, at: null } : state.gate,
  };
}

/** News of a stage that is no longer the running one are stale and change nothing. */
export function withNews(state: PlanState, news: StageNews, at: string): PlanState {
  const { status } = stageOf(state, news.stage);
  if (status !== 'running' && status !== 'pausing') return state;
  const message = news.waitingFor;
  // A stage of several works has a journal for each: what others of them told stays.
  const attempts = Math.max(1, stageOf(state, news.stage).attempts, news.attempts);
  const known = withStage(state, news.stage, { attempts, message });
  const told = new Set(news.postMortems.map(identityOf));
  const others = state.interruptions.filter((lost) => !told.has(identityOf(lost)));
  const next: PlanState = {
    ...known,
    current: news,
    interruptions: [...others, ...news.postMortems],
    spentFen: Math.max(state.spentFen, news.spentFen),
  };
  const saved = news.stage === 'full-train' && news.publishedStep !== null;
  return saved ? tick(next, 'first-checkpoint', at) : next;
}
