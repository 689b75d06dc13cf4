import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** A pid alone may be reused; with its start time it names one process for ever. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In the words of the system: clock ticks since which boot on Linux, a date elsewhere. */
  readonly startTime: string;
}

export async function processIdentity(pid: number): Promise<ProcessIdentity | null> {
  const startTime = process.platform === 'linux' ? await linuxStart(pid) : await psStart(pid);
  return startTime === null ? null : { pid, startTime };
}

/** False for another process with the same pid, and for a zombie that only waits to be reaped. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await processIdentity(identity.pid);
  return now !== null && now.startTime === identity.startTime;
}

async function linuxStart(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The command's name may hold spaces and brackets; fields are counted behind the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const ticks = fields[19];
  if (state === 'Z' || state === 'X' || ticks === undefined) return null;
  // After a reboot the same pid may start at the same tick.
  return `${ticks} of ${await bootId()}`;
}

let boot: Promise<string> | undefined;
function bootId(): Promise<string> {
  boot ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (id) => id.trim(),
    () => 'an unknown boot',
  );
  return boot;
}

async function psStart(pid: number): Promise<string | null> {
  const result = await execa('ps', ['-o', 'lstart=', '-p', String(pid)], { reject: false });
  return result.exitCode === 0 ? result.stdout.trim() : null;
}

/** What a file tells of a process; null where there is none, or none that can be read. */
export async function readIdentity(path: string): Promise<ProcessIdentity | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  try {
    const told = JSON.parse(text) as Partial<ProcessIdentity> | null;
    const { pid, startTime } = told ?? {};
    return pid === undefined || startTime === undefined ? null : { pid, startTime };
  } catch {
    return null;
  }
}

/** Signals a process group; a group that is gone is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
