import { ApplicationFailure } from '@temporalio/activity';
import { mistakesIn } from '../contracts/mistakes.js';
import { ResolvedPlan } from '../contracts/plan.js';
import { Ledger } from '../store/ledger.js';
import type { ControlDeps } from './create-control-activities.js';

/** Checks a plan that may have been started by hand in the UI, and opens its ledger. */
export const openPlan =
  (deps: Pick<ControlDeps, 'store' | 'now'>) =>
  async ({ plan }: { plan: ResolvedPlan }): Promise<void> => {
    const parsed = ResolvedPlan.safeParse(plan);
    if (!parsed.success) {
      throw ApplicationFailure.nonRetryable(
        `Not a plan that dream-sft has resolved (start it with the CLI): ${mistakesIn(parsed.error)}`.slice(
          0,
          480,
        ),
        'BadPlan',
      );
    }
    const { capFen, reserveFen } = parsed.data.money;
    const ledger = new Ledger(deps.store, parsed.data.id, { now: deps.now });
    await ledger.open({ capFen, reserveFen, pricePerHourFen: parsed.data.hosts.pricePerHourFen });
  };
