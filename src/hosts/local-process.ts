import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.js';
import { isAlive, type ProcessIdentity, signalGroup } from '../processes/identity.js';
import { startWorkerProcess } from '../processes/worker-process.js';
import type { EnsureRequest, Ensured, Host, HostProvider } from './provider.js';

/** `<home>/hosts/<id>/host.json`: all that is needed to find the process again after a restart. */
export interface LocalHostRecord {
  readonly id: string;
  readonly gpuClass: string;
  readonly key: string;
  readonly planId: string;
  readonly startedAt: string;
  /** null for the moment between the claim of the key and the start of the process. */
  readonly process: ProcessIdentity | null;
}

const STOP_WITHIN_MS = 20_000;

/** GPU workers as processes of this machine, each in its own process group. */
export class LocalProcessProvider implements HostProvider {
  readonly name = 'local-process';
  readonly knowsLiveness = true;

  constructor(
    private readonly config: Config,
    private readonly now: () => Date = () => new Date(),
  ) {}

  async ensure(request: EnsureRequest): Promise<Ensured> {
    const existing = (await this.#records()).find((record) => record.key === request.key);
    if (existing?.process) return { kind: 'host', host: await toHost(existing), started: false };
    if (!(await this.#claim(request.key))) {
      const winner = await this.#awaitWinner(request.key);
      if (winner) return { kind: 'host', host: await toHost(winner), started: false };
    }
    const record = await this.#start(request);
    return { kind: 'host', host: await toHost(record), started: true };
  }

  async release(hostId: string): Promise<void> {
    const record = (await this.#records()).find(({ id }) => id === hostId);
    if (!record?.process) return;
    const identity = record.process;
    if (await isAlive(identity)) {
      signalGroup(identity.pid, 'SIGTERM');
      for (const until = Date.now() + STOP_WITHIN_MS; Date.now() < until; await sleep(50)) {
        if (!(await isAlive(identity))) break;
      }
      if (await isAlive(identity)) signalGroup(identity.pid, 'SIGKILL');
    }
  }

  async list(gpuClass: string): Promise<Host[]> {
    const records = (await this.#records()).filter((record) => record.gpuClass === gpuClass);
    return Promise.all(records.filter((record) => record.process).map(toHost));
  }

  get #folder(): string {
    return join(this.config.home, 'hosts');
  }

  /** One winner per key, whoever asks at the same time. */
  async #claim(key: string): Promise<boolean> {
    const claims = join(this.#folder, 'claims');
    await mkdir(claims, { recursive: true });
    const name = createHash('sha256').update(key).digest('hex');
    const temporary = join(claims, `${name}.${randomUUID()}`);
    await writeFile(temporary, key);
    try {
      await link(temporary, join(claims, name));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Null when the winner died before it had started anything. */
  async #awaitWinner(key: string): Promise<LocalHostRecord | null> {
    for (const until = Date.now() + 5000; Date.now() < until; await sleep(50)) {
      const winner = (await this.#records()).find((record) => record.key === key);
      if (winner?.process) return winner;
    }
    return null;
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
    alive: record.process !== null && (await isAlive(record.process)),
    startedAt: record.startedAt,
  };
}
