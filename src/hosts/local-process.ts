import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.js';
import { isAlive, type ProcessIdentity, signalGroup } from '../processes/identity.js';
import { MissingToolError, requirePython } from '../processes/python-check.js';
import { startWorkerProcess } from '../processes/worker-process.js';
import { holderOfCards } from './cards.js';
import { KeyClaims } from './key-claims.js';
import type { EnsureRequest, Ensured, Host, HostProvider } from './provider.js';
import { SilentHosts, signsOfLife } from './silent-hosts.js';

/** `<home>/hosts/<id>/host.json`: all that is needed to find the process again after a restart. */
export interface LocalHostRecord {
  readonly id: string;
  readonly gpuClass: string;
  readonly key: string;
  readonly planId: string;
  readonly startedAt: string;
  readonly process: ProcessIdentity;
}

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
    if (known) return { kind: 'host', host: await toHost(known), started: false };
    await this.#endSilent();
    // A worker without Python dies at once: one would be started every second, and nobody told.
    const missing = (await this.#missing()) ?? (await this.#taken());
    if (missing !== null) return missing;
    for (;;) {
      const existing = await this.#startedFor(request.key);
      if (existing) return { kind: 'host', host: await toHost(existing), started: false };
      if (await this.#claims.take(request.key)) {
        // A holder may have died after its start, and its claim with it.
        if (!(await this.#startedFor(request.key))) break;
        continue;
      }
      await this.#claims.untilDecided(request.key, () => this.#startedFor(request.key));
    }
    try {
      const host = await toHost(await this.#start(request));
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
    const identity = (await this.#records()).find(({ id }) => id === hostId)?.process;
    if (!identity) return;
    if (await isAlive(identity)) {
      signalGroup(identity.pid, 'SIGTERM');
      for (const until = Date.now() + STOP_WITHIN_MS; Date.now() < until; await sleep(50)) {
        if (!(await isAlive(identity))) break;
      }
      if (await isAlive(identity)) signalGroup(identity.pid, 'SIGKILL');
    }
  }

  /** Every host of this home, each with its time for a last checkpoint. */
  async releaseAll(): Promise<void> {
    await Promise.all((await this.#records()).map(({ id }) => this.release(id)));
  }

  async list(gpuClass: string): Promise<Host[]> {
    const records = (await this.#records()).filter((record) => record.gpuClass === gpuClass);
    const hosts = await Promise.all(records.map(toHost));
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
    const all = await Promise.all((await this.#records()).map(toHost));
    for (const id of await this.#silentOf(all)) await this.release(id);
  }

  get #folder(): string {
    return join(this.config.home, 'hosts');
  }

  async #startedFor(key: string): Promise<LocalHostRecord | undefined> {
    return (await this.#records()).find((record) => record.key === key);
  }

  async #start(request: EnsureRequest): Promise<LocalHostRecord> {
    const id = `local-${randomUUID().slice(0, 8)}`;
    const folder = join(this.#folder, id);
    await mkdir(folder, { recursive: true });
    const args = ['gpu', '--gpu-class', request.gpuClass, '--host', id];
    const worker = await startWorkerProcess(this.config, args, `gpu-${id}`);
    const record: LocalHostRecord = {
      id,
      gpuClass: request.gpuClass,
      key: request.key,
      planId: request.planId,
      startedAt: this.now().toISOString(),
      process: worker.identity,
    };
    const temporary = join(folder, 'host.json.new');
    await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`);
    await link(temporary, join(folder, 'host.json'));
    await rm(temporary);
    return record;
  }

  /** What dead hosts restored and staged keeps the room of checkpoints that the store has let go. */
  async #clearAfterDead(): Promise<void> {
    for (const { id, process } of await this.#records()) {
      if (await isAlive(process)) continue;
      for (const name of WORK_FOLDERS) {
        // A trainer that is only just dying may still write there; the next start tries again.
        await rm(join(this.#folder, id, name), { recursive: true }).catch(() => undefined);
      }
    }
  }

  async #records(): Promise<LocalHostRecord[]> {
    const names = await readdir(this.#folder).catch(() => [] as string[]);
    const texts = await Promise.all(
      names.map((name) =>
        readFile(join(this.#folder, name, 'host.json'), 'utf8').catch(() => null),
      ),
    );
    return texts
      .filter((text) => text !== null)
      .map((text) => JSON.parse(text) as LocalHostRecord)
      .sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  }
}

async function toHost(record: LocalHostRecord): Promise<Host> {
  return {
    id: record.id,
    gpuClass: record.gpuClass,
    planId: record.planId,
    key: record.key,
    alive: await isAlive(record.process),
    startedAt: record.startedAt,
    tenure: null,
  };
}
