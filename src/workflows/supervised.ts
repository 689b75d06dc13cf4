import { CancellationScope } from '@temporalio/workflow';
import type { StageOutcome } from '../contracts/outcome.js';
import type { StageName } from '../contracts/stages.js';
import type { PlanRun } from './plan-run.js';
import { moneyFor } from './policy/pilot.js';
import { supervision } from './proxies.js';

/** An activity on a GPU host, by the key of its chain. */
export interface Supervised {
  readonly stageKey: string;
  start(id: { readonly activityId: string }): Promise<StageOutcome>;
}

/** Runs activities of a GPU stage side by side, with one supervisor beside them all. */
export async function supervised(
  run: PlanRun,
  stage: StageName,
  stageKey: string,
  works: readonly Supervised[],
): Promise<StageOutcome[]> {
  const named = works.map((work) => ({ ...work, activityId: `${stage}-${run.nextActivity()}` }));
  const { id: planId, hosts, store } = run.plan;
  const { quote } = run.state;
  const watched = {
    planId,
    stage,
    stageKey,
    works: named.map((work) => ({ activityId: work.activityId, stageKey: work.stageKey })),
    hosts,
    money: moneyFor(stage, run.plan, quote),
    totalExpected: stage === 'full-train' ? (quote?.trainSeconds ?? null) : null,
    store,
  };
  const supervisor = new SupervisorScope();
  run.hostsOut = true;
  supervisor.start(() =>
    supervision.superviseStage.executeWithOptions({ summary: `watches ${stage}` }, [watched]),
  );
  try {
    return await together(named);
  } finally {
    await supervisor.end();
  }
}

/** When one fails for good the others stop, and all have ended before anything else is done. */
function together(
  works: readonly (Supervised & { readonly activityId: string })[],
): Promise<StageOutcome[]> {
  const scope = new CancellationScope();
  return scope.run(async () => {
    const running = works.map((work) => work.start({ activityId: work.activityId }));
    try {
      return await Promise.all(running);
    } catch (error) {
      scope.cancel();
      await Promise.allSettled(running);
      throw error;
    }
  });
}

/** A cancelled plan must not take the supervisor away while the stage writes its last checkpoint. */
class SupervisorScope {
  #scope: CancellationScope | null = null;
  #done: Promise<void> = Promise.resolve();

  start(supervise: () => Promise<void>): void {
    void CancellationScope.nonCancellable(async () => {
      this.#scope = new CancellationScope();
      this.#done = this.#scope.run(supervise).catch(() => undefined);
    });
  }

  async end(): Promise<void> {
    this.#scope?.cancel();
    await CancellationScope.nonCancellable(() => this.#done);
  }
}
