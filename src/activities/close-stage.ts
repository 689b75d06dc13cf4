import type { CloseInput } from '../contracts/activities.js';
import type { ClosedStage } from '../contracts/outcome.js';
import type { Host, HostProvider } from '../hosts/provider.js';
import { Ledger } from '../store/ledger.js';
import { HostMeter } from './charge-hosts.js';
import type { ControlDeps } from './create-control-activities.js';
import { runId } from './run-id.js';
import { tellOfNeverReturned } from './supervision/never-returned.js';
import { ofRunInAll } from './supervision/of-run.js';
import { trainedSoFar } from './supervision/trained-so-far.js';
import { WorkChains } from './supervision/work-chains.js';

/** Reads the whole journal of a stage, of each of its shards: totals come from here, never from signals. */
export const closeStage =
  (deps: Pick<ControlDeps, 'store' | 'now' | 'provider'>) =>
  async (input: CloseInput): Promise<ClosedStage> => {
    const { store, now } = deps;
    const provider = deps.provider(input.hosts, store);
    const ledger = new Ledger(store, input.planId, { now });
    const meter = new HostMeter({ ledger, provider, store }, input);
    await meter.read(now(), { stageEnds: true });
    if (input.releaseHosts) await release(provider, meter, input, now);
    const { stageKey, shardKeys = [stageKey] } = input;
    const chains = new WorkChains(store, stageKey, shardKeys, { now });
    const { pricePerHourFen } = input.hosts;
    const paid = { pricePerHourFen, ledger: await ledger.entries() };
    for (const chain of chains.works) await tellOfNeverReturned(chain, input.stage, paid);
    const { works } = await chains.fold();
    const mine = ofRunInAll(works, runId());
    // A stage in shards has no checkpoint of its own.
    const newest = works.length === 1 ? (works[0]?.newest ?? null) : null;
    const trains = input.stage === 'full-train' && newest !== null;
    return {
      attempts: mine.attempts.length,
      publishes: mine.published.length,
      refused: mine.refused.length,
      newestCheckpoint: newest ? { step: newest.step, artifact: newest.manifest } : null,
      interruptions: mine.postMortems,
      training: trains ? await trainedSoFar(store, newest.manifest) : null,
      totalFen: await ledger.totalFen(),
    };
  };

/** A host that goes in good order takes its time, and is paid until it has gone. */
async function release(
  provider: HostProvider,
  meter: HostMeter,
  { planId, hosts }: CloseInput,
  now: () => Date,
): Promise<void> {
  const all = await provider.list(hosts.gpuClass);
  const mine = all.filter((host) => host.planId === planId && host.alive);
  const give = async (host: Host): Promise<void> => {
    await provider.release(host.id);
    await meter.released(host, now());
  };
  await Promise.all(mine.map(give));
}
