import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type Config, childEnvironment } from '../config/config.js';
import { type GuardOptions, guarded } from './guarded.js';
import { openLogStream } from './log-stream.js';
import { type ProcessIdentity, processIdentity, signalGroup } from './identity.js';

// By way of dist/, so that it is the compiled file from a test of the sources too.
const WORKER_MAIN = fileURLToPath(new URL('../../dist/workers/main.js', import.meta.url));

export interface WorkerProcess {
  /** The started process leads a process group; under a guard this is the guard. */
  readonly identity: ProcessIdentity;
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

/** `main` and `env` are for workers of a drill. */
export interface WorkerChanges extends GuardOptions {
  /** Another compiled file than `workers/main.js`. */
  readonly main?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `workers/main.js ARG…` in its own process group with its output in a log file. */
export async function startWorkerProcess(
  config: Config,
  args: readonly string[],
  name: string,
  { main = WORKER_MAIN, env = {}, ...guard }: WorkerChanges = {},
): Promise<WorkerProcess> {
  const output = await openLogStream(join(config.home, 'logs', `${name}.out`));
  const [command, commandArgs] = guarded(
    config.lifetimeSocket,
    process.execPath,
    ['--max-old-space-size=1024', main, ...args],
    guard,
  );
  const child = execa(command, commandArgs, {
    env: { ...childEnvironment(config), ...connectionEnvironment(config), ...env },
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    stdin: 'ignore',
    stdout: output,
    stderr: output,
  });
  output.close();
  const exited = child.then((ended) => ended.exitCode ?? null);
  const pid = child.pid;
  const identity = pid === undefined ? null : await processIdentity(pid);
  if (pid === undefined || identity === null) throw new Error(`cannot start worker ${name}`);
  return { identity, exited, kill: (signal) => signalGroup(pid, signal) };
}

/** Only what is no secret; credentials reach the child through the environment it inherits. */
function connectionEnvironment(config: Config): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: config.connection.address,
    TEMPORAL_NAMESPACE: config.namespace,
    ...(config.uiUrl ? { DREAM_SFT_UI_URL: config.uiUrl } : {}),
  };
}
