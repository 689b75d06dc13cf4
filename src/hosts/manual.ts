import type { HostRecord } from '../contracts/journal.js';
import { readHostRecords } from '../store/host-records.js';
import type { ObjectStore } from '../store/object-store.js';
import type { EnsureRequest, Ensured, Host, HostProvider, Tenure } from './provider.js';

/** A host whose record is older than this is not counted on. */
const FRESH_MS = 30_000;

export interface ManualDeps {
  readonly store: ObjectStore;
  readonly address: string;
  readonly now: () => Date;
}

/** A person starts hosts; the plan says which command to run where, and waits without cost. */
export class ManualProvider implements HostProvider {
  readonly name = 'manual';
  readonly knowsLiveness = false;

  constructor(private readonly deps: ManualDeps) {}

  async ensure(request: EnsureRequest): Promise<Ensured> {
    const fresh = (await this.list(request.gpuClass)).find((host) => host.alive);
    if (fresh) return { kind: 'host', host: fresh, started: false };
    return {
      kind: 'person',
      where: `a machine of class ${request.gpuClass}`,
      command: `TEMPORAL_ADDRESS=${this.deps.address} dream-sft worker gpu --gpu-class ${request.gpuClass}`,
    };
  }

  /** Whoever started the host ends it. */
  async release(_hostId: string): Promise<void> {}

  async list(gpuClass: string): Promise<Host[]> {
    const now = this.deps.now().getTime();
    const records = await readHostRecords(this.deps.store);
    return records
      .filter((record) => record.gpuClass === gpuClass)
      .map((record) => ({
        id: record.id,
        gpuClass: record.gpuClass,
        planId: null,
        key: '',
        alive: now - Date.parse(record.renewedAt) < FRESH_MS,
        startedAt: record.startedAt,
        tenure: tenureOf(record),
      }));
  }
}

function tenureOf({ planId, keptSince, renewedAt }: HostRecord): Tenure | null {
  if (planId === null || keptSince === null) return null;
  return { planId, since: keptSince, until: renewedAt };
}
