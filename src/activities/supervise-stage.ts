import { Context, CancelledFailure } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { SuperviseInput } from '../contracts/activities.js';
import { trainingLimitFen } from '../contracts/money.js';
import type { StageNews } from '../contracts/state.js';
import type { HostProvider } from '../hosts/provider.js';
import { Ledger } from '../store/ledger.js';
import { HostMeter } from './charge-hosts.js';
import type { ControlDeps } from './create-control-activities.js';
import { runId } from './run-id.js';
import { ensureHost, type HostNews } from './supervision/ensure-host.js';
import { ofRunInAll } from './supervision/of-run.js';
import {
  foremost,
  type PendingActivity,
  readPendingActivities,
} from './supervision/pending-activity.js';
import { Teller } from './supervision/teller.js';
import { WorkChains, type WorkStates } from './supervision/work-chains.js';

type Deps = Pick<ControlDeps, 'store' | 'client' | 'provider' | 'now' | 'log'>;

const PERIOD_MS = 1000;

/** Runs beside a GPU stage until it is cancelled; the workflow hears of news by signal. */
export const superviseStage =
  (deps: Deps) =>
  async (input: SuperviseInput): Promise<void> => {
    const context = Context.current();
    // By run: a supervisor that outlives its run for a moment must not tell the next one of it.
    const plan = deps.client.workflow.getHandle(input.planId, runId());
    const teller = new Teller((news) => plan.signal('stageNews', news), input.totalExpected);
    const kept = keep(deps, input, plan);
    for (;;) {
      context.heartbeat({ at: deps.now().toISOString() });
      try {
        await teller.tell(await look(deps, input, kept));
      } catch (error) {
        if (error instanceof CancelledFailure) throw error;
        // The server or the store may be away for a while; the next look is in a second.
        deps.log.warn({ stage: input.stage, why: String(error) }, 'supervisor could not look');
      }
      await context.sleep(PERIOD_MS);
    }
  };

interface Kept {
  readonly plan: WorkflowHandle;
  readonly chains: WorkChains;
  readonly ledger: Ledger;
  readonly provider: HostProvider;
  readonly meter: HostMeter;
}

/** From look to look: entries never change, so that each look reads only what is new. */
function keep({ store, now, ...deps }: Deps, input: SuperviseInput, plan: WorkflowHandle): Kept {
  const ledger = new Ledger(store, input.planId, { now });
  const provider = deps.provider(input.hosts, store);
  const keys = input.works.map(({ stageKey }) => stageKey);
  return {
    plan,
    chains: new WorkChains(store, input.stageKey, keys, { now }),
    ledger,
    provider,
    meter: new HostMeter({ ledger, provider, store }, input),
  };
}

/** One look at the pending activities, their chains, the hosts and the ledger. */
async function look(deps: Deps, input: SuperviseInput, kept: Kept): Promise<StageNews> {
  const { plan, chains, ledger, provider, meter } = kept;
  const now = deps.now();
  const ids = input.works.map(({ activityId }) => activityId);
  const pending = await readPendingActivities(plan, ids);
  const hosts = await ensureHost(provider, chains, input, foremost(pending), now.getTime());
  const leftFen = await meter.read(deps.now());
  const spentFen = (await ledger.totalFen()) + leftFen;
  const at = deps.now().toISOString();
  return {
    stage: input.stage,
    stageKey: input.stageKey,
    ...ofActivities(pending, hosts),
    ...ofChains(await chains.fold(), pending),
    spentFen,
    capReached: input.hosts.pricePerHourFen > 0 && spentFen >= trainingLimitFen(input.money),
    at,
  };
}

/** Of shards the sums; what only a training tells comes from the one work that there is then. */
function ofActivities(pending: readonly PendingActivity[], { host, waitingFor }: HostNews) {
  const first = foremost(pending);
  const all = pending.flatMap(({ progress }) => progress ?? []);
  const totals = all.flatMap(({ total }) => total ?? []);
  const progress = first?.progress ?? null;
  return {
    activityState: first?.state ?? 'done',
    host: first?.state === 'started' ? (progress?.host ?? host) : host,
    waitingFor,
    done: sum(all.map(({ done }) => done)),
    total: totals.length > 0 ? sum(totals) : null,
    loss: progress?.loss ?? null,
    tokensPerSecond: progress?.tokensPerSecond ?? null,
  };
}

function ofChains({ works }: WorkStates, pending: readonly PendingActivity[]) {
  const mine = ofRunInAll(works, runId());
  const newest = works.flatMap((work) => work.newest ?? []);
  return {
    attempts: Math.max(1, mine.attempts.length, ...pending.map(({ attempt }) => attempt)),
    publishedStep: newest.length > 0 ? sum(newest.map(({ step }) => step)) : null,
    interruptions: mine.postMortems.length,
    postMortems: mine.postMortems,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
