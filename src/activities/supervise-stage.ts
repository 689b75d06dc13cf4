import { Context, CancelledFailure } from '@temporalio/activity';
import type { SuperviseInput } from '../contracts/activities.js';
import { trainingLimitFen } from '../contracts/money.js';
import type { StageNews } from '../contracts/state.js';
import type { HostProvider } from '../hosts/provider.js';
import { Chain } from '../store/chain.js';
import type { ChainState } from '../store/fold-chain.js';
import { Ledger } from '../store/ledger.js';
import { HostMeter } from './charge-hosts.js';
import type { ControlDeps } from './create-control-activities.js';
import { runId } from './run-id.js';
import { ensureHost, type HostNews } from './supervision/ensure-host.js';
import { ofRun } from './supervision/of-run.js';
import { type PendingActivity, readPendingActivity } from './supervision/pending-activity.js';
import { Teller } from './supervision/teller.js';

type Deps = Pick<ControlDeps, 'store' | 'client' | 'provider' | 'now' | 'log'>;

const PERIOD_MS = 1000;
const LAST_POST_MORTEMS = 20;

/** Runs beside a GPU stage until it is cancelled; the workflow hears of news by signal. */
export const superviseStage =
  (deps: Deps) =>
  async (input: SuperviseInput): Promise<void> => {
    const context = Context.current();
    const plan = deps.client.workflow.getHandle(input.planId);
    const teller = new Teller((news) => plan.signal('stageNews', news), input.totalExpected);
    const kept = keep(deps, input);
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
  readonly chain: Chain;
  readonly ledger: Ledger;
  readonly provider: HostProvider;
  readonly meter: HostMeter;
}

/** From look to look: entries never change, so that each look reads only what is new. */
function keep({ store, now, ...deps }: Deps, input: SuperviseInput): Kept {
  const ledger = new Ledger(store, input.planId, { now });
  const provider = deps.provider(input.hosts, store);
  return {
    chain: new Chain(store, input.stageKey, { now }),
    ledger,
    provider,
    meter: new HostMeter({ ledger, provider, store }, input),
  };
}

/** One look at the pending activity, the chain, the hosts and the ledger. */
async function look(deps: Deps, input: SuperviseInput, kept: Kept): Promise<StageNews> {
  const { chain, ledger, provider, meter } = kept;
  const now = deps.now();
  const pending = await readPendingActivity(deps.client, input.planId, input.activityId);
  const hosts = await ensureHost(provider, chain, input, pending, now.getTime());
  const leftFen = await meter.read(deps.now());
  const spentFen = (await ledger.totalFen()) + leftFen;
  const at = deps.now().toISOString();
  return {
    stage: input.stage,
    stageKey: input.stageKey,
    ...ofActivity(pending, hosts),
    ...ofChain(await chain.fold(), pending),
    spentFen,
    capReached: input.hosts.pricePerHourFen > 0 && spentFen >= trainingLimitFen(input.money),
    at,
  };
}

function ofActivity(pending: PendingActivity | null, { host, waitingFor }: HostNews) {
  const progress = pending?.progress ?? null;
  return {
    activityState: pending?.state ?? 'done',
    host: pending?.state === 'started' ? (progress?.host ?? host) : host,
    waitingFor,
    done: progress?.done ?? 0,
    total: progress?.total ?? null,
    loss: progress?.loss ?? null,
    tokensPerSecond: progress?.tokensPerSecond ?? null,
  };
}

function ofChain(chain: ChainState, pending: PendingActivity | null) {
  const mine = ofRun(chain, runId());
  return {
    attempts: Math.max(pending?.attempt ?? 1, mine.attempts.length),
    publishedStep: chain.newest?.step ?? null,
    interruptions: mine.postMortems.length,
    postMortems: mine.postMortems.slice(-LAST_POST_MORTEMS),
  };
}
