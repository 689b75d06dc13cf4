import { Client, Connection } from '@temporalio/client';
import { LocalStack } from '../cli/local-stack.js';
import type { Config } from '../config/config.js';
import { childrenOf } from '../processes/children.js';
import { freePorts } from '../processes/free-port.js';
import { requirePython } from '../processes/python-check.js';
import { startTemporalServer, type TemporalServer } from '../processes/server.js';
import {
  startWorkerProcess,
  type WorkerChanges,
  type WorkerProcess,
} from '../processes/worker-process.js';
import { readHostRecords } from '../store/host-records.js';
import type { ObjectStore } from '../store/object-store.js';
import { openStore } from '../store/open-store.js';
import { bucketEnvironment } from './bucket.js';
import { signalProcess } from './training.js';
import { waitFor } from './wait.js';

export interface HostChanges {
  /** Other settings than those of the drill. */
  readonly config?: Partial<Config>;
  readonly main?: string;
  readonly args?: readonly string[];
}

/** A server and workers of its own, of which every part can be killed and started again. */
export class Arena {
  #server: TemporalServer;
  #control!: WorkerProcess;
  readonly #started: WorkerProcess[] = [];

  private constructor(
    private readonly stack: LocalStack,
    private readonly ports: readonly [number, number],
    private readonly connection: Connection,
    readonly client: Client,
    /** What hosts tell of themselves, and all there is of a plan without another store. */
    readonly store: ObjectStore,
    readonly signal: AbortSignal,
  ) {
    this.#server = stack.server!;
  }

  static async open(home: string, signal: AbortSignal): Promise<Arena> {
    const [port, uiPort] = (await freePorts(2)) as [number, number];
    const stack = await LocalStack.start({ home, port, uiPort, parts: ['server'], gpuClass: '' });
    try {
      await requirePython(stack.config.python);
      const connection = await Connection.connect(stack.config.connection);
      const client = new Client({ connection, namespace: stack.config.namespace });
      const store = await openStore({ kind: 'local' }, home);
      const arena = new Arena(stack, [port, uiPort], connection, client, store, signal);
      await Promise.all([arena.startControl(), arena.#start(['prep'], 'prep')]);
      return arena;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  get config(): Config {
    return this.stack.config;
  }

  async killServer(): Promise<void> {
    await killGuarded(this.#server.pid);
    await this.#server.exited;
  }

  async startServer(): Promise<void> {
    const [port, uiPort] = this.ports;
    this.#server = await startTemporalServer({ ...this.config, port, uiPort });
  }

  async killControl(): Promise<void> {
    await killGuarded(this.#control.identity.pid);
    await this.#control.exited;
  }

  async startControl(): Promise<void> {
    this.#control = await this.#start(['control'], 'control');
  }

  /** A GPU worker beside those that plans have had started, as a person would start it. */
  async startHost(id: string, changes: HostChanges = {}): Promise<WorkerProcess> {
    const { config, main, args = ['gpu', '--gpu-class', 'local', '--host', id] } = changes;
    const worker = await this.#start(args, `gpu-${id}`, config, main ? { main } : {});
    await waitFor(`host ${id} has its record`, async () => (await this.workerPid(id)) ?? null);
    return worker;
  }

  async workerPid(host: string): Promise<number | undefined> {
    return (await readHostRecords(this.store)).find(({ id }) => id === host)?.pid;
  }

  async close(): Promise<void> {
    await this.connection.close();
    await this.stack.stop();
    await Promise.all(this.#started.map(({ exited }) => exited));
    await this.#server.exited;
  }

  async #start(
    args: readonly string[],
    name: string,
    config: Partial<Config> = {},
    changes: WorkerChanges = {},
  ): Promise<WorkerProcess> {
    const worker = await startWorkerProcess({ ...this.config, ...config }, args, name, {
      ...changes,
      env: bucketEnvironment,
    });
    this.#started.push(worker);
    return worker;
  }
}

/** Under a guard the process itself is the guard's only child; the guard then goes too. */
export async function killGuarded(guard: number): Promise<void> {
  for (const pid of await childrenOf(guard)) signalProcess(pid, 'SIGKILL');
}
