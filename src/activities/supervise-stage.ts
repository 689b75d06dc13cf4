import { Context, CancelledFailure } from '@temporalio/activity';
import type { SuperviseInput } from '../contracts/activities.js';
import { trainingLimitFen } from '../contracts/money.js';
import type { StageNews } from '../contracts/state.js';
import type { HostProvider } from '../hosts/provider.js';
import { Chain } from '../store/chain.js';
import { Ledger } from '../store/ledger.js';
import { HostMeter } from './charge-hosts.js';
import type { ControlDeps } from './create-control-activities.js';
import { runId } from './run-id.js';
import { ensureHost } from './supervision/ensure-host.js';
import { ofRun } from './supervision/of-run.js';
import { readPendingActivity } from './supervision/pending-activity.js';

type Deps = Pick<ControlDeps, 'store' | 'client' | 'provider' | 'now' | 'log'>;

const PERIOD_MS = 1000;
const QUIET_MS = 30_000;
const SIGNALS_PER_STAGE = 250;
const LAST_POST_MORTEMS = 20;

/** Runs beside a GPU stage until it is cancelled; the workflow hears of news by signal. */
export const superviseStage =
  (deps: Deps) =>
  async (input: SuperviseInput): Promise<void> => {
    const context = Context.current();
    const teller = new Teller(deps, input);
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
async function look(
  deps: Deps,
  input: SuperviseInput,
  { chain, ledger, provider, meter }: Kept,
): Promise<StageNews> {
  const { now } = deps;
  const pending = await readPendingActivity(deps.client, input.planId, input.activityId);
  const hosts = await ensureHost(provider, chain, input, pending, now().getTime());
  const leftFen = await meter.read(now());
  const spentFen = (await ledger.totalFen()) + leftFen;
  const folded = await chain.fold();
  const mine = ofRun(folded, runId());
  const progress = pending?.progress ?? null;
  return {
    stage: input.stage,
    stageKey: input.stageKey,
    attempts: Math.max(pending?.attempt ?? 1, mine.attempts.length),
    activityState: pending?.state ?? 'done',
    host: pending?.state === 'started' ? (progress?.host ?? hosts.host) : hosts.host,
    waitingFor: hosts.waitingFor,
    done: progress?.done ?? 0,
    total: progress?.total ?? null,
    loss: progress?.loss ?? null,
    tokensPerSecond: progress?.tokensPerSecond ?? null,
    publishedStep: folded.newest?.step ?? null,
    interruptions: mine.postMortems.length,
    postMortems: mine.postMortems.slice(-LAST_POST_MORTEMS),
    spentFen,
    capReached: input.hosts.pricePerHourFen > 0 && spentFen >= trainingLimitFen(input.money),
    at: now().toISOString(),
  };
}

/** Signals at once on a change, else seldom enough for a history of days. */
class Teller {
  #last: { readonly key: string; readonly at: number } | null = null;
  readonly #quietMs: number;

  constructor(
    private readonly deps: Deps,
    private readonly input: SuperviseInput,
  ) {
    const expectedMs = (input.totalExpected ?? 0) * 1000;
    this.#quietMs = Math.max(QUIET_MS, expectedMs / SIGNALS_PER_STAGE);
  }

  async tell(news: StageNews): Promise<void> {
    const at = this.deps.now().getTime();
    const key = changeKey(news);
    if (this.#last?.key === key && at - this.#last.at < this.#quietMs) return;
    await this.deps.client.workflow.getHandle(this.input.planId).signal('stageNews', news);
    this.#last = { key, at };
  }
}

/** What counts as a change; steps and loss do not, they are read live from the heartbeat details. */
function changeKey(news: StageNews): string {
  const { attempts, activityState, host, waitingFor, interruptions, capReached } = news;
  const published = news.publishedStep !== null;
  return JSON.stringify([
    attempts,
    activityState,
    host,
    waitingFor,
    interruptions,
    capReached,
    published,
  ]);
}
