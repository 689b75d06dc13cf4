import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { StageInput } from '../../contracts/activities.js';
import type { HostRecord } from '../../contracts/journal.js';
import type { Chain } from '../../store/chain.js';
import type { ChainState } from '../../store/fold-chain.js';
import { readHostRecord } from '../../store/host-records.js';
import { cancelledFailure } from '../cancellation.js';
import { timingOf, type StageDeps } from '../deps.js';
import { stageFailure } from '../stage-failure.js';
import type { Attempt } from './attempt.js';
import { Renewals } from './renewals.js';

/** Where the server tells none. */
const HEARTBEAT_TIMEOUT_MS = 30_000;

/**
 * Another host may be cut off from the server alone and train on. While it renews its record a new
 * attempt elsewhere waits, and for one heartbeat timeout after that; only then it acquires the chain.
 * Returns whether it has waited.
 */
export async function untilFree(attempt: Attempt, chain: Chain): Promise<boolean> {
  const { deps, orders, beat } = attempt;
  const { heartbeatTimeoutMs = HEARTBEAT_TIMEOUT_MS } = Context.current().info;
  const renewals = new Renewals(heartbeatTimeoutMs);
  const look = new Look(deps, attempt.input, chain, renewals);
  let waited = false;
  while (!orders.signal.aborted) {
    const holder = await look.holder();
    if (holder === null) break;
    const { id: host, step } = holder;
    beat.set({ phase: 'parked', done: step ?? 0, waitsFor: { host, step: step ?? 0 } });
    waited = true;
    const wait = timingOf(deps).lookMs;
    await sleep(wait, undefined, { signal: orders.signal }).catch(() => undefined);
  }
  if (waited) beat.set({ phase: 'preparing', done: 0, waitsFor: null });
  endWithoutHold(attempt);
  return waited;
}

/** Who is to end the stage takes the chain for it; who only goes away leaves it to whoever has it. */
function endWithoutHold({ orders, leaving }: Attempt): void {
  if (orders.reason === 'connection-lost') throw cancelledFailure();
  if (orders.reason === 'worker-shutdown') throw stageFailure('Preempted', leaving.sentence(null));
}

type Holder = Pick<HostRecord, 'id' | 'step'>;

class Look {
  #holder: Holder | null = null;

  constructor(
    private readonly deps: StageDeps,
    private readonly input: StageInput,
    private readonly chain: Chain,
    private readonly renewals: Renewals,
  ) {}

  /** Whom the chain belongs to as far as can be seen; null: it may be acquired. */
  async holder(): Promise<Holder | null> {
    try {
      this.#holder = await this.#seen();
    } catch (error) {
      // Whoever is waited for stays so: nothing could be acquired either.
      if (this.#holder === null) throw error;
      this.renewals.blind(performance.now());
    }
    return this.#holder;
  }

  async #seen(): Promise<Holder | null> {
    const { deps, input, renewals } = this;
    const newest = newestElsewhere(await this.chain.fold(), deps.host.id);
    const record = newest && (await readHostRecord(deps.store, newest.host));
    if (!newest || !record) return null;
    const works = record.planId === input.planId && record.stage === input.stage;
    if (record.boot !== newest.boot || !works) return null;
    const now = performance.now();
    renewals.see(record.renewedAt, now, deps.now().getTime());
    return renewals.isOver(now) ? null : record;
  }
}

/** The newest attempt, if that is another host's and nobody has told its end. */
function newestElsewhere({ attempts, postMortems }: ChainState, here: string) {
  const newest = attempts.at(-1);
  if (newest === undefined || newest.ended !== null || newest.host === here) return null;
  return postMortems.some(({ lostToken }) => lostToken === newest.token) ? null : newest;
}
