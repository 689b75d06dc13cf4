import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeDigest } from '../config/code-digest.js';
import type { Config } from '../config/config.js';
import { MissingToolError, requirePython } from '../processes/python-check.js';
import { endGroup } from '../processes/recorded.js';
import { startWorkerProcess } from '../processes/worker-process.js';
import { holderOfCards } from './cards.js';
import { KeyClaims } from './key-claims.js';
import {
  livingOf,
  type LocalHostRecord,
  readRecords,
  toHost,
  workerRecord,
  writeRecord,
} from './local-records.js';
import type { EnsureRequest, Ensured, Host, HostProvider } from './provider.js';
import { SilentHosts, signsOfLife } from './silent-hosts.js';

const STOP_WITHIN_MS = 20_000;
/** Only its own attempts read them; what counts is in the store. */
const WORK_FOLDERS = ['work', 'inputs', 'cache'] as const;

/** GPU workers as processes of this machine, each in its own process group. */
export class LocalProcessProvider implements HostProvider {
  readonly name = 'local-process';
  readonly knowsLiveness = true;

  readonly #claims: KeyClaims;
  readonly #silent = new SilentHosts();

  constructor(
    private readonly config: Config,
    private readonly now: () => Date = () => new Date(),
    private readonly clockMs: () => number = () => performance.now(),
  ) {
    this.#claims = new KeyClaims(join(config.home, 'hosts', 'claims'));
  }

  async ensure(request: EnsureRequest): Promise<Ensured> {
    // First: the cards may be held by the very host that is asked for.
    const known = await this.#startedFor(request.key);
    if (known) return { kind: 'host', host: await this.#hostOf(known), started: false };
    await this.#endSilent();
    // A worker without Python dies at once: one would be started every second, and nobody told.
    const missing = (await this.#missing()) ?? (await this.#taken());
    if (missing !== null) return missing;
    for (;;) {
      const existing = await this.#startedFor(request.key);
      if (existing) return { kind: 'host', host: await this.#hostOf(existing), started: false };
      if (await this.#claims.take(request.key)) {
        // A holder may have died after its start, and its claim with it.
        if (!(await this.#startedFor(request.key))) break;
        continue;
      }
      await this.#claims.untilDecided(request.key, () => this.#startedFor(request.key));
    }
    try {
      const host = await this.#hostOf(await this.#start(request));
      await this.#clearAfterDead();
      return { kind: 'host', host, started: true };
    } catch (error) {
      await this.#claims.giveBack(request.key);
      throw error;
    }
  }

  async #missing(): Promise<Ensured | null> {
    try {
      await requirePython(this.config.python);
      return null;
    } catch (error) {
      if (!(error instanceof MissingToolError)) throw error;
      const [what = ''] = error.message.split('\n');
      return {
        kind: 'person',
        where: this.config.hostname,
        command: `npm run setup (${what.replace(/\.$/, '')})`,
      };
    }
  }

  /** A worker that a person started, or a host that is only just ending: a second one would be refused. */
  async #taken(): Promise<Ensured | null> {
    const holder = await holderOfCards(this.config);
    if (holder === null) return null;
    const { hostname } = this.config;
    const command = `kill ${holder.pid} (GPU worker ${holder.note}, which has the card)`;
    return { kind: 'person', where: hostname, command };
  }

  async release(hostId: string): Promise<void> {
    const record = (await this.#records()).find(({ id }) => id === hostId);
    if (record) await this.#end(record);
  }

  /** Every host of this home, each with its time for a last checkpoint. */
  async releaseAll(): Promise<void> {
    await Promise.all((await this.#records()).map(({ id }) => this.release(id)));
  }

  /**
   * Hosts that outlived whoever had started them serve on, but for those of another server's address,
   * which would wait there for ever, and of other code, on which a plan would fail.
   */
  async endStrangers(): Promise<void> {
    const { address } = this.config.connection;
    const digest = await codeDigest(this.config.root);
    const strangers = (await this.#records()).filter(
      (record) =>
        (record.address ?? address) !== address || (record.codeDigest ?? digest) !== digest,
    );
    await Promise.all(strangers.map((record) => this.#end(record)));
  }

  async list(gpuClass: string): Promise<Host[]> {
    const records = (await this.#records()).filter((record) => record.gpuClass === gpuClass);
    const hosts = await Promise.all(records.map((record) => this.#hostOf(record)));
    const silent = await this.#silentOf(hosts);
    return hosts.map((host) => (silent.has(host.id) ? { ...host, alive: false } : host));
  }

  /** Of the living: those that have given no sign of life for long. */
  async #silentOf(hosts: readonly Host[]): Promise<ReadonlySet<string>> {
    const told = await signsOfLife(this.config.home);
    const now = this.clockMs();
    const living = hosts.filter(({ alive }) => alive).map(({ id }) => id);
    return new Set(living.filter((id) => this.#silent.isSilent(id, told.get(id) ?? '', now)));
  }

  /** Whoever hangs holds its card and could still wake beside its successor. */
  async #endSilent(): Promise<void> {
    const all = await Promise.all((await this.#records()).map((record) => this.#hostOf(record)));
    for (const id of await this.#silentOf(all)) await this.release(id);
  }

  get #folder(): string {
    return join(this.config.home, 'hosts');
  }

  async #startedFor(key: string): Promise<LocalHostRecord | undefined> {
    return (await this.#records()).find((record) => record.key === key);
  }

  async #start(request: EnsureRequest): Promise<LocalHostRecord> {
    const { config } = this;
    const id = `local-${randomUUID().slice(0, 8)}`;
    const digest = await codeDigest(config.root);
    await mkdir(join(this.#folder, id), { recursive: true });
    const args = ['gpu', '--gpu-class', request.gpuClass, '--host', id];
    const worker = await startWorkerProcess(config, args, `gpu-${id}`, {
      record: workerRecord(this.#folder, id),
      patienceMs: config.hostPatienceMs,
    });
    const record: LocalHostRecord = {
      id,
      gpuClass: request.gpuClass,
      key: request.key,
      planId: request.planId,
      startedAt: this.now().toISOString(),
      process: worker.identity,
      address: config.connection.address,
      codeDigest: digest,
    };
    await writeRecord(this.#folder, record);
    return record;
  }

  #hostOf(record: LocalHostRecord): Promise<Host> {
    return toHost(this.#folder, record);
  }

  async #end(record: LocalHostRecord): Promise<void> {
    const living = await livingOf(this.#folder, record);
    // A guard passes on what it is asked; its worker would only hear it twice.
    const [first] = living;
    if (first) await endGroup(first, STOP_WITHIN_MS);
    for (const left of await livingOf(this.#folder, record)) await endGroup(left, 0);
  }

  /** What dead hosts restored and staged keeps the room of checkpoints that the store has let go. */
  async #clearAfterDead(): Promise<void> {
    for (const record of await this.#records()) {
      if ((await livingOf(this.#folder, record)).length > 0) continue;
      for (const name of WORK_FOLDERS) {
        // A trainer that is only just dying may still write there; the next start tries again.
        await rm(join(this.#folder, record.id, name), { recursive: true }).catch(() => undefined);
      }
    }
  }

  #records(): Promise<LocalHostRecord[]> {
    return readRecords(this.#folder);
  }
}
