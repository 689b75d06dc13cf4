import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { LocalStack, type StackPart } from '../../src/cli/local-stack.js';
import type { Config } from '../../src/config/config.js';
import { freePorts } from '../../src/processes/free-port.js';
import { ServerError, startTemporalServer } from '../../src/processes/server.js';
import { startWorkerProcess } from '../../src/processes/worker-process.js';
import { openStore } from '../../src/store/open-store.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { childPids } from './process-tree.js';

/** A real server with real workers in a home of its own; `close` leaves nothing behind. */
export class System {
  private constructor(
    readonly home: string,
    private readonly ports: readonly [number, number],
    private readonly stack: LocalStack,
    private readonly connection: Connection,
    readonly client: Client,
    readonly store: ObjectStore,
  ) {}

  static async start(
    home: string = temporaryHome(),
    parts: readonly StackPart[] = ['server', 'control', 'prep'],
  ): Promise<System> {
    const { stack, ports } = await startStack(home, parts);
    const connection = await Connection.connect(stack.config.connection);
    const client = new Client({ connection, namespace: stack.config.namespace });
    const store = await openStore({ kind: 'local' }, home);
    return new System(home, ports, stack, connection, client, store);
  }

  get config(): Config {
    return this.stack.config;
  }

  /** SIGKILL to the server itself, then another on the same SQLite file and ports. */
  async restartServer(): Promise<void> {
    const { server } = this.stack;
    if (server === null) throw new Error('this system has no server of its own');
    // Under a guard the server is the guard's only child.
    for (const pid of childPids(server.pid)) process.kill(pid, 'SIGKILL');
    await server.exited;
    const [port, uiPort] = this.ports;
    await startTemporalServer({ ...this.config, port, uiPort });
  }

  /** The processes of the control side, under their guards. */
  get controlSide(): readonly number[] {
    const { server, workers } = this.stack;
    const guards = [server?.pid, workers.get('control')?.identity.pid];
    return guards.flatMap((guard) => (guard === undefined ? [] : childPids(guard)));
  }

  /** SIGKILL to server and control worker; how to start both again comes back. */
  async killControlSide(): Promise<() => Promise<void>> {
    const { server, workers } = this.stack;
    for (const pid of this.controlSide) process.kill(pid, 'SIGKILL');
    await Promise.all([server?.exited, workers.get('control')?.exited]);
    return async () => {
      const [port, uiPort] = this.ports;
      await startTemporalServer({ ...this.config, port, uiPort });
      await startWorkerProcess(this.config, ['control'], 'control');
    };
  }

  async close(): Promise<void> {
    await this.connection.close();
    await this.stack.stop();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

export function temporaryHome(): string {
  return mkdtempSync(join(tmpdir(), 'dream-sft-e2e-'));
}

/** A port that was free may be another program's a moment later; then others are tried. */
async function startStack(
  home: string,
  parts: readonly StackPart[],
): Promise<{ stack: LocalStack; ports: readonly [number, number] }> {
  for (let left = 3; ; left -= 1) {
    const [port, uiPort] = (await freePorts(2)) as [number, number];
    try {
      const stack = await LocalStack.start({ home, port, uiPort, parts, gpuClass: 'local' });
      return { stack, ports: [port, uiPort] };
    } catch (error) {
      if (!(error instanceof ServerError) || left === 1) throw error;
    }
  }
}
