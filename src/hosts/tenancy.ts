/** What a host does for a plan. */
export interface Work {
  readonly planId: string;
  readonly stage: string;
  readonly step: number | null;
}

export interface Tenant {
  readonly planId: string | null;
  readonly stage: string | null;
  readonly step: number | null;
  readonly keptSince: string | null;
}

/** Between two stages of a plan its host stands ready this long before it is nobody's again. */
export const KEPT_MS = 60_000;

const NOBODY: Tenant = { planId: null, stage: null, step: null, keptSince: null };

/** Whose a host is: of the plan it works for, and for a minute of the one it has just worked for. */
export class Tenancy {
  #tenant: Tenant = NOBODY;
  #idleSince: number | null = null;

  work(work: Work | null, now: Date): void {
    const before = this.at(now);
    if (work === null) {
      if (before.stage !== null) this.#idleSince = now.getTime();
      this.#tenant = { ...before, stage: null, step: null };
      return;
    }
    this.#idleSince = null;
    const keptSince = before.planId === work.planId ? before.keptSince : now.toISOString();
    this.#tenant = { ...work, keptSince };
  }

  at(now: Date): Tenant {
    const over = this.#idleSince !== null && now.getTime() - this.#idleSince >= KEPT_MS;
    return over ? NOBODY : this.#tenant;
  }
}
