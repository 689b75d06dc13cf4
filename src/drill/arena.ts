import { Client, Connection } from '@temporalio/client';
import { LocalStack } from '../cli/local-stack.js';
import type { Config } from '../config/config.js';
import { freePorts } from '../processes/free-port.js';
import { signalGroup } from '../processes/identity.js';
import { startTemporalServer, type TemporalServer } from '../processes/server.js';
import { startWorkerProcess, type WorkerProcess } from '../processes/worker-process.js';
import { readHostRecords } from '../store/host-records.js';
import type { ObjectStore } from '../store/object-store.js';
import { openStore } from '../store/open-store.js';
import { waitFor } from './wait.js';

/** A server and workers of its own, of which every part can be killed and started again. */
export class Arena {
  readonly #started: WorkerProcess[] = [];
  #server: TemporalServer;
  #control: WorkerProcess;

  private constructor(
    private readonly stack: LocalStack,
    private readonly ports: readonly [number, number],
    private readonly connection: Connection,
    readonly client: Client,
    readonly store: ObjectStore,
    readonly signal: AbortSignal,
  ) {
    this.#server = stack.server!;
    this.#control = stack.workers.get('control')!;
  }

  static async open(home: string, signal: AbortSignal): Promise<Arena> {
    const [port, uiPort] = (await freePorts(2)) as [number, number];
    const parts = ['server', 'control', 'prep'] as const;
    const stack = await LocalStack.start({ home, port, uiPort, parts, gpuClass: '' });
    const connection = await Connection.connect(stack.config.connection);
    const client = new Client({ connection, namespace: stack.config.namespace });
    const store = await openStore({ kind: 'local' }, home);
    return new Arena(stack, [port, uiPort], connection, client, store, signal);
  }

  get config(): Config {
    return this.stack.config;
  }

  async killServer(): Promise<void> {
    signalGroup(this.#server.pid, 'SIGKILL');
    await this.#server.exited;
  }

  async startServer(): Promise<void> {
    const [port, uiPort] = this.ports;
    this.#server = await startTemporalServer({ ...this.config, port, uiPort });
  }

  async killControl(): Promise<void> {
    this.#control.kill('SIGKILL');
    await this.#control.exited;
  }

  async startControl(): Promise<void> {
    this.#control = await this.#start(['control'], 'control');
  }

  /** A GPU worker beside those that plans have had started, as a person would start it. */
  async startHost(id: string): Promise<WorkerProcess> {
    const worker = await this.#start(['gpu', '--gpu-class', 'local', '--host', id], `gpu-${id}`);
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

  async #start(args: readonly string[], name: string): Promise<WorkerProcess> {
    const worker = await startWorkerProcess(this.config, args, name);
    this.#started.push(worker);
    return worker;
  }
}
