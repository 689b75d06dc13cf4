import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { CLI_EXIT } from '../contracts/failures.js';

const ENDING = ['SIGTERM', 'SIGINT'] as const;

/** Aborted by the first SIGTERM or SIGINT that this process gets. */
const asked = new AbortController();

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
  for (const signal of ENDING) process.on(signal, () => asked.abort(signal));
}

/** Calls back once, with the first signal that asks this process to end, also if that has come. */
export function onAsked(listener: (signal: string) => void): void {
  const { signal } = asked;
  if (signal.aborted) listener(String(signal.reason));
  else signal.addEventListener('abort', () => listener(String(signal.reason)), { once: true });
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;

/** The worker was ended before any server had answered. */
export class NeverServedError extends Error {
  override readonly name = 'NeverServedError';
  readonly exitCode = CLI_EXIT.noServer;
  constructor(address: string) {
    super(
      `No Temporal server has answered at ${address} until the worker was ended.\n` +
        'Start one with `dream-sft up`, or name another with TEMPORAL_ADDRESS.',
    );
  }
}

/** A worker outlives its server, so it also waits for one that is not up yet, until a signal. */
export async function connectPatiently(config: Config, log: Logger): Promise<NativeConnection> {
  const { connection } = config;
  const { signal } = asked;
  // A server that swallows packets keeps the attempt busy; a signal ends that too.
  const ended = once(signal, 'abort').then(() => Promise.reject(new Error('ended')));
  ended.catch(() => undefined);
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return await Promise.race([NativeConnection.connect(connection), ended]);
    } catch (error) {
      log.warn({ address: connection.address, why: String(error) }, 'no server yet');
      await sleep(wait, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw new NeverServedError(connection.address);
    }
  }
}

/**
 * When one worker ends by an error the others of its process must not live on. `leave`: they take no
 * more work, and end when what they have has ended.
 */
export async function runTogether(workers: readonly Worker[], leave?: AbortSignal): Promise<void> {
  const stopAll = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  leave?.addEventListener('abort', stopAll, { once: true });
  const running = workers.map((worker) => worker.run().finally(stopAll));
  // Asked to end while it was being made ready: the SDK does not know of that signal. Workers run for
  // a moment all the same, since one that never ran would not let go of its connection.
  if (asked.signal.aborted || leave?.aborted) stopAll();
  await Promise.all(running);
}
