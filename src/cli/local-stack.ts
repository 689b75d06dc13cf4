import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, loadConfig } from '../config/config.js';
import { LocalProcessProvider } from '../hosts/local-process.js';
import { holdLifetime, type Lifetime } from '../processes/lifetime.js';
import { requirePython } from '../processes/python-check.js';
import { endRecorded } from '../processes/recorded.js';
import { startTemporalServer, type TemporalServer } from '../processes/server.js';
import { startWorkerProcess, type WorkerProcess } from '../processes/worker-process.js';
import { HomeParts } from './home-parts.js';

export interface StackOptions {
  readonly home: string;
  readonly port: number;
  readonly uiPort: number;
  readonly parts: readonly StackPart[];
  readonly gpuClass: string;
  /** How long hosts wait for another stack of this home when this one is killed; left out: not at all. */
  readonly hostPatienceMs?: number;
}

export const STACK_PARTS = ['server', 'control', 'prep', 'gpu'] as const;
export type StackPart = (typeof STACK_PARTS)[number];
const NEEDS_PYTHON: ReadonlySet<StackPart> = new Set(['prep', 'gpu']);

/** Its supervisors must be gone before the hosts, or they would start new ones. */
const CONTROL_STOPS_WITHIN_MS = 5000;

/** Server and workers on this machine, each under a guard that watches this process. */
export class LocalStack {
  #server: TemporalServer | null = null;
  readonly #workers = new Map<StackPart, WorkerProcess>();

  private constructor(
    private readonly options: StackOptions,
    private readonly lifetime: Lifetime,
    private readonly owned: HomeParts,
  ) {}

  static async start(options: StackOptions): Promise<LocalStack> {
    const owned = new HomeParts(options.home);
    await owned.take(options.parts);
    // One that may be succeeded has a place of its own, at which its hosts find the successor.
    const heirs = options.parts.includes('control') && options.hostPatienceMs !== undefined;
    const lifetime = await holdLifetime(heirs ? options.home : undefined);
    const stack = new LocalStack(options, lifetime, owned);
    try {
      await stack.#startAll();
      return stack;
    } catch (error) {
      await stack.#letGo();
      throw error;
    }
  }

  get server(): TemporalServer | null {
    return this.#server;
  }

  get workers(): ReadonlyMap<StackPart, WorkerProcess> {
    return this.#workers;
  }

  get config(): Config {
    const { home, hostPatienceMs = 0 } = this.options;
    const server = this.#server;
    return loadConfig({
      home,
      hostPatienceMs,
      lifetimeSocket: this.lifetime.socket,
      ...(server && { connection: { address: server.address }, uiUrl: server.uiUrl }),
    });
  }

  /** Resolves with a part that ended by itself; a GPU worker may, others may not. */
  death(): Promise<StackPart> {
    const essential = [...this.#workers].filter(([kind]) => kind !== 'gpu');
    return Promise.race([
      ...essential.map(([kind, worker]) => worker.exited.then(() => kind)),
      ...(this.#server ? [this.#server.exited.then(() => 'server' as const)] : []),
    ]);
  }

  /** Starts a part again that has ended; where its guard was killed it may still run, and is ended. */
  async revive(part: StackPart): Promise<void> {
    await endRecorded(this.owned.recordOf(part));
    await this.#start(part);
  }

  /**
   * Asks the GPU workers, and the hosts that plans had started, to stop with a last checkpoint;
   * resolves when they have, or when their guards and provider have lost patience with them.
   */
  async stopGpuWorkers(): Promise<void> {
    const control = this.#workers.get('control');
    if (control) {
      control.kill('SIGTERM');
      const patience = sleep(CONTROL_STOPS_WITHIN_MS, undefined, { ref: false });
      await Promise.race([control.exited, patience]);
    }
    const own = this.#workers.get('gpu');
    own?.kill('SIGTERM');
    // Hosts of plans hang on the lifetime of the control worker that had them started.
    const hosts = control ? new LocalProcessProvider(this.config).releaseAll() : undefined;
    await Promise.all([own?.exited, hosts]);
  }

  /** Ends everything: guards notice the closed socket, hosts of the provider among them. */
  async stop(): Promise<void> {
    await this.#letGo();
    await Promise.all([...this.#workers.values()].map((worker) => worker.exited));
    await this.#server?.exited;
    // It has ended; this takes its address away, where a later command would look for it.
    await this.#server?.stop();
  }

  async #letGo(): Promise<void> {
    await this.lifetime.end();
    await this.owned.giveBack();
  }

  async #startAll(): Promise<void> {
    const { parts } = this.options;
    // Before anything runs: else the person would find the reason in a worker's log.
    if (parts.some((part) => NEEDS_PYTHON.has(part))) await requirePython(this.config.python);
    if (parts.includes('server')) await this.#start('server');
    // Before a supervisor counts on them.
    if (parts.includes('control')) await new LocalProcessProvider(this.config).endStrangers();
    await Promise.all(parts.filter((part) => part !== 'server').map((part) => this.#start(part)));
  }

  async #start(part: StackPart): Promise<void> {
    const record = this.owned.recordOf(part);
    if (part === 'server') {
      this.#server = await startTemporalServer({ ...this.config, ...this.options, record });
      return;
    }
    const args = part === 'gpu' ? ['gpu', '--gpu-class', this.options.gpuClass] : [part];
    this.#workers.set(part, await startWorkerProcess(this.config, args, part, { record }));
  }
}
