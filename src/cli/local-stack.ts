import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, loadConfig } from '../config/config.js';
import { LocalProcessProvider } from '../hosts/local-process.js';
import { holdLifetime, type Lifetime } from '../processes/lifetime.js';
import { requirePython } from '../processes/python-check.js';
import { startTemporalServer, type TemporalServer } from '../processes/server.js';
import { startWorkerProcess, type WorkerProcess } from '../processes/worker-process.js';

export interface StackOptions {
  readonly home: string;
  readonly port: number;
  readonly uiPort: number;
  readonly parts: readonly StackPart[];
  readonly gpuClass: string;
}

export const STACK_PARTS = ['server', 'control', 'prep', 'gpu'] as const;
export type StackPart = (typeof STACK_PARTS)[number];
const NEEDS_PYTHON: ReadonlySet<StackPart> = new Set(['prep', 'gpu']);

/** Its supervisors must be gone before the hosts, or they would start new ones. */
const CONTROL_STOPS_WITHIN_MS = 5000;

/** Server and workers on this machine, each under a guard that watches this process. */
export class LocalStack {
  private constructor(
    readonly config: Config,
    readonly server: TemporalServer | null,
    readonly workers: ReadonlyMap<StackPart, WorkerProcess>,
    private readonly lifetime: Lifetime,
  ) {}

  static async start(options: StackOptions): Promise<LocalStack> {
    const lifetime = await holdLifetime();
    try {
      const early = loadConfig({ home: options.home, lifetimeSocket: lifetime.socket });
      // Before anything runs: else the person would find the reason in a worker's log.
      if (options.parts.some((part) => NEEDS_PYTHON.has(part))) await requirePython(early.python);
      const server = options.parts.includes('server')
        ? await startTemporalServer({ ...early, ...options })
        : null;
      const config = loadConfig({
        home: options.home,
        lifetimeSocket: lifetime.socket,
        ...(server && { connection: { address: server.address }, uiUrl: server.uiUrl }),
      });
      const kinds = options.parts.filter((part) => part !== 'server');
      const started = kinds.map(async (kind) => {
        const args = kind === 'gpu' ? ['gpu', '--gpu-class', options.gpuClass] : [kind];
        return [kind, await startWorkerProcess(config, args, kind)] as const;
      });
      return new LocalStack(config, server, new Map(await Promise.all(started)), lifetime);
    } catch (error) {
      await lifetime.end();
      throw error;
    }
  }

  /** Resolves with the name of a part that ended by itself; a GPU worker may, others may not. */
  death(): Promise<string> {
    const essential = [...this.workers].filter(([kind]) => kind !== 'gpu');
    return Promise.race([
      ...essential.map(([kind, worker]) => worker.exited.then(() => `the ${kind} worker`)),
      ...(this.server ? [this.server.exited.then(() => 'the Temporal server')] : []),
    ]);
  }

  /**
   * Asks the GPU workers, and the hosts that plans had started, to stop with a last checkpoint;
   * resolves when they have, or when their guards and provider have lost patience with them.
   */
  async stopGpuWorkers(): Promise<void> {
    const control = this.workers.get('control');
    if (control) {
      control.kill('SIGTERM');
      const patience = sleep(CONTROL_STOPS_WITHIN_MS, undefined, { ref: false });
      await Promise.race([control.exited, patience]);
    }
    const own = this.workers.get('gpu');
    own?.kill('SIGTERM');
    // Hosts of plans hang on the lifetime of the control worker that had them started.
    const hosts = control ? new LocalProcessProvider(this.config).releaseAll() : undefined;
    await Promise.all([own?.exited, hosts]);
  }

  /** Ends everything: guards notice the closed socket, hosts of the provider among them. */
  async stop(): Promise<void> {
    await this.lifetime.end();
    await Promise.all([...this.workers.values()].map((worker) => worker.exited));
    await this.server?.exited;
    // It has ended; this takes its address away, where a later command would look for it.
    await this.server?.stop();
  }
}
