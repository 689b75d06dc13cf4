import { ApplicationFailure } from '@temporalio/activity';
import type { OpenedPlan } from '../contracts/activities.js';
import { mistakesIn } from '../contracts/mistakes.js';
import { ResolvedPlan } from '../contracts/plan.js';
import { storeIsAway } from '../store/away.js';
import { UnfitStoreError } from '../store/errors.js';
import { Ledger } from '../store/ledger.js';
import type { ObjectStore } from '../store/object-store.js';
import { atStore, type Storing } from './at-store.js';
import type { ControlDeps } from './create-control-activities.js';
import { messageOf, stageFailure } from './stage-failure.js';

/** Checks a plan that may have been started by hand in the UI, and opens its ledger. */
export const openPlan =
  (deps: Storing & Pick<ControlDeps, 'now'>) =>
  async ({ plan }: { plan: ResolvedPlan }): Promise<OpenedPlan> => {
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
    const store = await storeOf(deps, parsed.data);
    const ledger = new Ledger(store, parsed.data.id, { now: deps.now });
    await ledger.open({ capFen, reserveFen, pricePerHourFen: parsed.data.hosts.pricePerHourFen });
    return { spentFen: await ledger.totalFen() };
  };

/** A store that cannot be used is told at once; one that is away for now is waited for. */
async function storeOf(deps: Storing, plan: ResolvedPlan): Promise<ObjectStore> {
  try {
    return (await atStore(deps, plan.store)).store;
  } catch (error) {
    if (storeIsAway(error)) throw stageFailure('StoreAway', messageOf(error));
    if (!(error instanceof UnfitStoreError)) throw error;
    throw ApplicationFailure.nonRetryable(error.message.slice(0, 480), 'BadPlan');
  }
}
