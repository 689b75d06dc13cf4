import type { ResolvedPlan } from '../contracts/plan.js';
import type { StageName } from '../contracts/stages.js';
import type { Host, HostProvider } from '../hosts/provider.js';
import { readHostRecords } from '../store/host-records.js';
import { type Charged, cumulativeFen, type Ledger, tenureId } from '../store/ledger.js';
import type { ObjectStore } from '../store/object-store.js';

export interface Charging {
  readonly planId: string;
  readonly stage: StageName;
  readonly hosts: Pick<ResolvedPlan['hosts'], 'gpuClass' | 'pricePerHourFen'>;
}

interface Sources {
  readonly ledger: Ledger;
  readonly provider: Pick<HostProvider, 'list'>;
  readonly store: ObjectStore;
}

/** What a host has cost so far: its account in the ledger, and the time that it is charged for. */
interface Due {
  readonly account: string;
  readonly since: number;
  readonly until: number;
}

/**
 * Brings the ledger up to date for every host of a plan. While a host lives only what is worth an
 * entry is written; what is left of its time is written when the stage ends, or the host does. A host
 * that died is charged until it was last seen alive, by this meter or by its own record in the store.
 */
export class HostMeter {
  readonly #seen = new Map<string, Due>();
  readonly #over = new Set<string>();

  constructor(
    private readonly from: Sources,
    private readonly charging: Charging,
  ) {}

  /**
   * Returns the fen that are due but not written yet: with the ledger's total they are what the plan
   * has spent. `stageEnds`: what comes after this is another stage's time.
   */
  async read(now: Date, { stageEnds = false } = {}): Promise<number> {
    const { planId, hosts } = this.charging;
    let leftFen = 0;
    const all = await this.from.provider.list(hosts.gpuClass);
    const living = new Set<string>();
    for (const host of all.filter(({ alive }) => alive)) {
      const due = dueOf(host, planId, now.getTime());
      if (due === null) continue;
      living.add(due.account);
      this.#seen.set(due.account, due);
      leftFen += (await this.#charge(due, stageEnds)).leftFen;
    }
    await this.#addDead(all.filter((host) => !host.alive && host.planId === planId));
    for (const due of [...this.#seen.values()].filter(({ account }) => !living.has(account))) {
      await this.#charge(due, true);
      this.#seen.delete(due.account);
      this.#over.add(due.account);
    }
    return leftFen;
  }

  /** A host that has just been given back: until now it lived. */
  async released(host: Host, now: Date): Promise<void> {
    const due = dueOf(host, this.charging.planId, now.getTime());
    if (due) await this.#charge(due, true);
  }

  /** Hosts whose end nobody here has seen, as after a restart of this worker. */
  async #addDead(dead: readonly Host[]): Promise<void> {
    const unknown = dead.filter(({ id }) => !this.#over.has(id));
    if (unknown.length === 0) return;
    const records = await readHostRecords(this.from.store);
    for (const host of unknown) {
      const told = records.find(({ id }) => id === host.id);
      const own = this.#seen.get(host.id);
      const due = dueOf(host, this.charging.planId, Date.parse(told?.renewedAt ?? host.startedAt));
      if (due && due.until > (own?.until ?? 0)) this.#seen.set(due.account, due);
    }
  }

  #charge({ account, since, until }: Due, settle: boolean): Promise<Charged> {
    const { stage, hosts } = this.charging;
    const seconds = Math.max(0, (until - since) / 1000);
    const fen = cumulativeFen(seconds, hosts.pricePerHourFen);
    const at = new Date(until);
    return this.from.ledger.charge({ host: account, stage, seconds, fen, until: at, settle });
  }
}

/**
 * A host that this plan had started is its own for its whole life. One that a person started costs
 * it the time in which it worked for this plan or was kept for it; another plan's costs nothing.
 */
function dueOf(host: Host, planId: string, until: number): Due | null {
  if (host.planId === planId) {
    return { account: host.id, since: Date.parse(host.startedAt), until };
  }
  const { tenure } = host;
  if (host.planId !== null || tenure?.planId !== planId) return null;
  const { since } = tenure;
  return {
    account: tenureId(host.id, since),
    since: Date.parse(since),
    until: Date.parse(tenure.until),
  };
}
