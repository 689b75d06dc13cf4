import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { HostRecord } from '../contracts/journal.js';
import type { ProfileName } from '../contracts/notice.js';
import { readGpus } from '../processes/gpus.js';
import { removeHostRecord, writeHostRecord } from '../store/host-records.js';
import type { ObjectStore } from '../store/object-store.js';
import { Tenancy, type Work } from './tenancy.js';

export interface HostRecordDeps {
  readonly store: ObjectStore;
  readonly id: string;
  readonly gpuClass: string;
  readonly hostname: string;
  readonly home: string;
  readonly codeDigest: string;
  readonly periodMs: number;
  readonly now: () => Date;
  readonly log: Logger;
}

const END_WITHIN_MS = 5000;

/** Renews `hosts/<id>.json` in the store while the host lives: its sign of life to everybody. */
export class HostRecordKeeper {
  readonly boot = randomUUID();
  readonly #startedAt: string;
  readonly #stores: Set<ObjectStore>;
  #gpus: string[] = [];
  /** Where the host stands, once that is known. */
  profile: ProfileName = 'none';
  readonly #tenancy = new Tenancy();
  #timer: NodeJS.Timeout | null = null;
  readonly #renewing = new Map<ObjectStore, Promise<void>>();

  constructor(private readonly deps: HostRecordDeps) {
    this.#startedAt = deps.now().toISOString();
    this.#stores = new Set([deps.store]);
  }

  /** Also the plan's store hears of the host: its control worker may see no other. */
  work(work: Work | null, store: ObjectStore): void {
    this.#stores.add(store);
    this.#tenancy.work(work, this.deps.now());
  }

  async current(): Promise<HostRecord> {
    const { deps } = this;
    const disk = await statfs(deps.home);
    const now = deps.now();
    return HostRecord.parse({
      id: deps.id,
      boot: this.boot,
      gpuClass: deps.gpuClass,
      hostname: deps.hostname,
      pid: process.pid,
      gpus: this.#gpus,
      pricePerHourFen: null,
      profile: this.profile,
      codeDigest: deps.codeDigest,
      freeDiskBytes: disk.bavail * disk.bsize,
      ...this.#tenancy.at(now),
      startedAt: this.#startedAt,
      renewedAt: now.toISOString(),
    });
  }

  async start(): Promise<void> {
    this.#gpus = await readGpus();
    await this.#renew();
    this.#timer = setInterval(() => void this.#renew(), this.deps.periodMs);
  }

  async end(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    const removed = [...this.#stores].map(async (store) => {
      await this.#renewing.get(store);
      await removeHostRecord(store, this.deps.id);
    });
    // A store that does not answer must not keep the worker; its record grows old by itself.
    const patience = sleep(END_WITHIN_MS, undefined, { ref: false });
    await Promise.race([Promise.allSettled(removed), patience]);
  }

  async #renew(): Promise<void> {
    await Promise.all([...this.#stores].map((store) => this.#renewAt(store)));
  }

  /** A store that is slow or away delays no other, and does not gather renewals while it is. */
  #renewAt(store: ObjectStore): Promise<void> {
    const running = this.#renewing.get(store);
    if (running) return running;
    const renewing = this.#write(store).finally(() => this.#renewing.delete(store));
    this.#renewing.set(store, renewing);
    return renewing;
  }

  async #write(store: ObjectStore): Promise<void> {
    try {
      await writeHostRecord(store, await this.current());
    } catch (error) {
      const { location } = store;
      this.deps.log.warn({ store: location, why: String(error) }, 'host record not renewed');
    }
  }
}
