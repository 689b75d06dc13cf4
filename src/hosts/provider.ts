/** A unit that a provider can start and end, with its own id and a boot id per start. */
export interface Host {
  readonly id: string;
  readonly gpuClass: string;
  /** Plan that had it started; null for a host that a person started. */
  readonly planId: string | null;
  /** Idempotency key of the `ensure` that started it; empty when a person did. */
  readonly key: string;
  readonly alive: boolean;
  readonly startedAt: string;
  /** Of a host that a person started: the plan that it works for or is kept for; null: nobody. */
  readonly tenure: Tenure | null;
}

export interface Tenure {
  readonly planId: string;
  readonly since: string;
  /** Its last sign of life. */
  readonly until: string;
}

export interface EnsureRequest {
  readonly gpuClass: string;
  /** Stage key + number of journalled boots: the same key never starts a second host. */
  readonly key: string;
  readonly planId: string;
}

export type Ensured =
  | { readonly kind: 'host'; readonly host: Host; readonly started: boolean }
  /** Only a person can start one: `command` is what to run, `where` on which machine. */
  | { readonly kind: 'person'; readonly where: string; readonly command: string };

export interface HostProvider {
  readonly name: 'local-process' | 'manual';
  /** True when `alive` is the provider's own knowledge (pid + start time), not a guess. */
  readonly knowsLiveness: boolean;
  ensure(request: EnsureRequest): Promise<Ensured>;
  /** Ends the host if it lives; unknown ids are no error. */
  release(hostId: string): Promise<void>;
  list(gpuClass: string): Promise<readonly Host[]>;
}
