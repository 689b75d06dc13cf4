import { identityOf } from '../contracts/journal.js';
import type { StageResult } from '../contracts/outcome.js';
import type { PlanState, StageState } from '../contracts/state.js';
import { Chain } from '../store/chain.js';
import type { ChainAttempt, ChainState } from '../store/fold-chain.js';
import type { ReportRequest } from './report-data.js';

type Request = Pick<ReportRequest, 'plan' | 'state' | 'results' | 'chains' | 'store'>;

/**
 * A report that is made anew belongs to a run that found every stage done: what the plan's earlier
 * runs lived through on the way to these very results comes from the journals that they left.
 */
export async function withEarlierRuns(request: Request): Promise<PlanState> {
  const { plan, state, results, chains = [], store } = request;
  const named = Object.values(results).map(({ stageKey }) => stageKey);
  const keys = [...new Set([...named, ...chains])];
  const folded = await Promise.all(keys.map((key) => new Chain(store, key).fold()));
  const attempts = folded.flatMap((chain) => ofPlan(chain, plan.id));
  return {
    ...state,
    stages: state.stages.map((stage) => timed(stage, results[stage.name], plan.id, attempts)),
    interruptions: interruptionsOf(state, folded, plan.id),
  };
}

const ofPlan = ({ attempts }: ChainState, planId: string): ChainAttempt[] =>
  attempts.filter((attempt) => attempt.planId === planId);

/** Another plan's, by which a stage was found done, are that plan's. */
function interruptionsOf(
  state: PlanState,
  folded: readonly ChainState[],
  planId: string,
): PlanState['interruptions'] {
  const known = new Set(state.interruptions.map(identityOf));
  const earlier = folded.flatMap((chain) => {
    const tokens = new Set(ofPlan(chain, planId).map(({ token }) => token));
    return chain.postMortems.filter(
      (lost) => tokens.has(lost.lostToken) && !known.has(identityOf(lost)),
    );
  });
  return [...earlier, ...state.interruptions].toSorted(
    (a, b) => Date.parse(a.lastSeenAt) - Date.parse(b.lastSeenAt),
  );
}

/** When the run that finished it began a stage, and how long it took; the stage's own where it ran now. */
function timed(
  stage: StageState,
  result: StageResult | undefined,
  planId: string,
  attempts: readonly ChainAttempt[],
): StageState {
  if (!stage.cached || result?.planId !== planId) return stage;
  const all = attempts.filter((attempt) => attempt.stage === stage.name);
  const last = all.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)).at(-1);
  const mine = all.filter(({ run }) => run === last?.run);
  const finished = Date.parse(result.finishedAt);
  const from = Math.min(finished - 1000 * result.seconds, ...mine.map(({ at }) => Date.parse(at)));
  const to = Math.max(finished, ...mine.map(({ ended }) => (ended ? Date.parse(ended.at) : 0)));
  return {
    ...stage,
    startedAt: new Date(from).toISOString(),
    finishedAt: new Date(to).toISOString(),
    seconds: (to - from) / 1000,
  };
}
