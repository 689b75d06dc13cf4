import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { processIdentity, signalGroup } from './identity.js';

/**
 * `node guard.js SOCKET [--record FILE] [--patience MS] -- COMMAND ARG…` runs a command for as long as
 * somebody holds the other end of the socket, and ends its whole process group when that closes,
 * however it closes. FILE says which process it has started. With patience the command lives on that
 * long after a holder that was killed, and longer when another one comes to hold the socket.
 */
const ORPHAN_GRACE_MS = 1500;
/** Somebody asked: there is time for a last checkpoint, but less than the provider waits. */
const ASKED_GRACE_MS = 15_000;
const LOOKS_FOR_AN_HEIR_MS = 250;

interface Order {
  readonly socket: string;
  readonly patienceMs: number;
  readonly record: string | undefined;
  readonly command: string;
  readonly args: readonly string[];
}

function orderOf(argv: readonly string[]): Order {
  const at = argv.indexOf('--');
  const { values, positionals } = parseArgs({
    args: argv.slice(0, Math.max(0, at)),
    allowPositionals: true,
    options: { record: { type: 'string' }, patience: { type: 'string', default: '0' } },
  });
  const [socket] = positionals;
  const [command, ...args] = argv.slice(at + 1);
  if (at < 0 || !socket || !command) {
    process.stderr.write(
      'usage: guard SOCKET [--record FILE] [--patience MS] -- COMMAND [ARG …]\n',
    );
    process.exit(2);
  }
  return { socket, patienceMs: Number(values.patience), record: values.record, command, args };
}

function main(order: Order): void {
  const lifetime = connect(order.socket);
  lifetime.once('error', () => {
    process.stderr.write(`guard: nobody holds ${order.socket}; ${order.command} is not started\n`);
    process.exit(3);
  });
  lifetime.once('connect', () => run(order, lifetime));
}

function run(order: Order, lifetime: Socket): void {
  let pid: number | undefined;
  const endWithin = (graceMs: number): void => {
    if (pid === undefined) return;
    const group = pid;
    signalGroup(group, 'SIGTERM');
    setTimeout(() => signalGroup(group, 'SIGKILL'), graceMs);
  };
  // Before the start: a signal in between would end the guard alone and leave the command behind.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => endWithin(ASKED_GRACE_MS));
  }
  lifetime.removeAllListeners('error');
  watch(order, lifetime, endWithin);
  const child = execa(order.command, [...order.args], {
    detached: true,
    cleanup: false,
    reject: false,
    stdio: 'inherit',
  });
  pid = child.pid;
  if (pid !== undefined && order.record !== undefined) void write(order.record, pid);
  void child.then((ended) => {
    // What the command left behind in its group goes with it.
    if (pid !== undefined) signalGroup(pid, 'SIGKILL');
    process.exit(ended.exitCode ?? 1);
  });
}

/** Reading notices the end of the stream; a word before it says that no heir will come. */
function watch(order: Order, lifetime: Socket, endWithin: (graceMs: number) => void): void {
  let over = false;
  lifetime.on('data', () => (over = true));
  // A close follows every error.
  lifetime.on('error', () => undefined);
  lifetime.once('close', () => {
    if (over || order.patienceMs === 0) endWithin(ORPHAN_GRACE_MS);
    else awaitHeir(order, Date.now() + order.patienceMs, endWithin);
  });
}

function awaitHeir(order: Order, until: number, endWithin: (graceMs: number) => void): void {
  if (Date.now() >= until) return endWithin(ASKED_GRACE_MS);
  const heir = connect(order.socket);
  heir.once('connect', () => {
    heir.removeAllListeners('error');
    watch(order, heir, endWithin);
  });
  heir.once('error', () => setTimeout(awaitHeir, LOOKS_FOR_AN_HEIR_MS, order, until, endWithin));
}

async function write(path: string, pid: number): Promise<void> {
  const identity = await processIdentity(pid);
  if (identity) writeFileSync(path, JSON.stringify(identity));
}

main(orderOf(process.argv.slice(2)));
