import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import type { Logger } from 'pino';
import { HostRecord } from '../contracts/journal.js';
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

/** Renews `hosts/<id>.json` in the store while the host lives: its sign of life to everybody. */
export class HostRecordKeeper {
  readonly boot = randomUUID();
  readonly #startedAt: string;
  readonly #stores: Set<ObjectStore>;
  #gpus: string[] = [];
  readonly #tenancy = new Tenancy();
  #timer: NodeJS.Timeout | null = null;
  #renewing: Promise<void> = Promise.resolve();

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
      profile: 'none',
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
    this.#timer = setInterval(() => {
      this.#renewing = this.#renewing.then(() => this.#renew());
    }, this.deps.periodMs);
  }

  async end(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#renewing;
    const removed = [...this.#stores].map((store) => removeHostRecord(store, this.deps.id));
    await Promise.allSettled(removed);
  }

  async #renew(): Promise<void> {
    try {
      const record = await this.current();
      for (const store of this.#stores) await writeHostRecord(store, record);
    } catch (error) {
      this.deps.log.warn({ why: String(error) }, 'host record not renewed');
    }
  }
}
