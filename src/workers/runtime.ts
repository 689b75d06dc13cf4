import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';

/** Temporal's own messages go into our log; installed once a process, before any connection. */
export function installRuntime(log: Logger): void {
  const say =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, meta?: object): void =>
      log[level](meta ?? {}, message);
  Runtime.install({
    logger: {
      log: (level, message, meta) => log[level.toLowerCase() as 'info'](meta ?? {}, message),
      trace: say('trace'),
      debug: say('debug'),
      info: say('info'),
      warn: say('warn'),
      error: say('error'),
    },
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'WARN' } } },
  });
  // The SDK takes its listeners away after the first signal; a second one would kill Node at once.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined);
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;

/** A worker outlives its server, so it also waits for one that is not up yet. */
export async function connectPatiently(config: Config, log: Logger): Promise<NativeConnection> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return await NativeConnection.connect(config.connection);
    } catch (error) {
      log.warn({ address: config.connection.address, why: String(error) }, 'no server yet');
      await sleep(wait);
    }
  }
}

/** When one worker ends by an error the others of its process must not live on. */
export async function runTogether(workers: readonly Worker[]): Promise<void> {
  const stopAll = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  await Promise.all(workers.map((worker) => worker.run().finally(stopAll)));
}
