import { connect } from 'node:net';
import { execa } from 'execa';
import { signalGroup } from './identity.js';

/**
 * `node guard.js SOCKET -- COMMAND ARG…` runs a command for as long as somebody holds the other end
 * of the socket, and ends its whole process group when that closes, however it closes.
 */
const ORPHAN_GRACE_MS = 1500;
/** Somebody asked: there is time for a last checkpoint, but less than the provider waits. */
const ASKED_GRACE_MS = 15_000;

function main(argv: readonly string[]): void {
  const [socketPath, separator, command, ...args] = argv;
  if (!socketPath || separator !== '--' || !command) {
    process.stderr.write('usage: guard SOCKET -- COMMAND [ARG …]\n');
    process.exit(2);
  }
  const lifetime = connect(socketPath);
  lifetime.once('error', () => {
    process.stderr.write(`guard: nobody holds ${socketPath}; ${command} is not started\n`);
    process.exit(3);
  });
  lifetime.once('connect', () => {
    // Reading notices the end of the stream.
    lifetime.resume();
    run(command, args, lifetime);
  });
}

function run(command: string, args: readonly string[], lifetime: ReturnType<typeof connect>): void {
  let pid: number | undefined;
  const endWithin = (graceMs: number) => (): void => {
    if (pid === undefined) return;
    const group = pid;
    signalGroup(group, 'SIGTERM');
    setTimeout(() => signalGroup(group, 'SIGKILL'), graceMs);
  };
  // Before the start: a signal in between would end the guard alone and leave the command behind.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, endWithin(ASKED_GRACE_MS));
  }
  lifetime.removeAllListeners('error');
  // A close follows every error.
  lifetime.on('error', () => undefined);
  lifetime.once('close', endWithin(ORPHAN_GRACE_MS));
  const child = execa(command, [...args], {
    detached: true,
    cleanup: false,
    reject: false,
    stdio: 'inherit',
  });
  pid = child.pid;
  void child.then((ended) => {
    // What the command left behind in its group goes with it.
    if (pid !== undefined) signalGroup(pid, 'SIGKILL');
    process.exit(ended.exitCode ?? 1);
  });
}

main(process.argv.slice(2));
