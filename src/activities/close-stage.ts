import type { CloseInput } from '../contracts/activities.js';
import type { ClosedStage } from '../contracts/outcome.js';
import { Chain } from '../store/chain.js';
import { Ledger } from '../store/ledger.js';
import { chargeHosts } from './charge-hosts.js';
import type { ControlDeps } from './create-control-activities.js';
import { tellOfNeverReturned } from './supervision/never-returned.js';

/** Reads the whole journal of a stage: totals come from here, never from signals. */
export const closeStage =
  (deps: Pick<ControlDeps, 'store' | 'now' | 'provider'>) =>
  async (input: CloseInput): Promise<ClosedStage> => {
    const { store, now } = deps;
    const provider = deps.provider(input.hosts);
    const ledger = new Ledger(store, input.planId, { now });
    await chargeHosts(ledger, provider, now(), input);
    if (input.releaseHosts) {
      const mine = (await provider.list(input.hosts.gpuClass)).filter(
        (h) => h.planId === input.planId,
      );
      await Promise.all(mine.filter((host) => host.alive).map((host) => provider.release(host.id)));
    }
    const journal = new Chain(store, input.stageKey, { now });
    const { pricePerHourFen } = input.hosts;
    const entries = await ledger.entries();
    await tellOfNeverReturned(journal, input.stage, { pricePerHourFen, ledger: entries });
    const chain = await journal.fold();
    const newest = chain.newest;
    return {
      attempts: chain.attempts.length,
      publishes: chain.published.length,
      refused: chain.refused.length,
      newestCheckpoint: newest ? { step: newest.step, artifact: newest.manifest } : null,
      interruptions: chain.postMortems,
      totalFen: await ledger.totalFen(),
    };
  };
