import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { ResolvedPlan } from '../contracts/plan.js';
import { planFailure, typedFailure } from './ending.js';
import { registerHandlers } from './handlers.js';
import { PlanRun } from './plan-run.js';
import { control } from './proxies.js';

/**
 * Checks the plan and opens its ledger. A run that cannot be opened ends here, and its state says so;
 * nothing else is written about it, since it may be no plan, or have no store.
 */
export async function open(plan: ResolvedPlan): Promise<PlanRun> {
  const run = runOf(plan);
  if (run) registerHandlers(run);
  try {
    const summary = 'checks the plan, opens its ledger';
    const opened = await control.openPlan.executeWithOptions({ summary }, [{ plan }]);
    if (run === null) throw ApplicationFailure.nonRetryable('This is not a plan', 'BadPlan');
    run.spentBefore(opened);
    return run;
  } catch (error) {
    if (isCancellation(error)) {
      run?.apply({ type: 'ended', status: 'cancelled', failure: null });
      throw error;
    }
    const failure = typedFailure(error);
    run?.apply({ type: 'ended', status: 'failed', failure: failure.message });
    throw planFailure(failure, failure.message);
  }
}

/** Null for an argument that no plan can be made of, as the UI may send; openPlan says why. */
function runOf(plan: ResolvedPlan): PlanRun | null {
  try {
    return new PlanRun(plan, new Date().toISOString());
  } catch {
    return null;
  }
}
