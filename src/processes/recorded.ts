import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessIdentity, readIdentity, signalGroup } from './identity.js';

const PERIOD_MS = 50;
/** Less than a guard gives its command: what is asked here is a leftover, and nobody waits for it. */
const ENDS_WITHIN_MS = 10_000;

/** Ends a process group, with SIGKILL when it does not go by itself. */
export async function endGroup(leader: ProcessIdentity, withinMs: number): Promise<void> {
  if (!(await isAlive(leader))) return;
  signalGroup(leader.pid, 'SIGTERM');
  for (const until = Date.now() + withinMs; Date.now() < until; await sleep(PERIOD_MS)) {
    if (!(await isAlive(leader))) return;
  }
  if (await isAlive(leader)) signalGroup(leader.pid, 'SIGKILL');
}

/**
 * Ends what the file tells of, if it lives: left by an owner, or by a guard, that was killed. A pid
 * that another process has by now is not signalled.
 */
export async function endRecorded(path: string): Promise<void> {
  const left = await readIdentity(path);
  if (left !== null) {
    await endGroup(left, ENDS_WITHIN_MS);
    while (await isAlive(left)) await sleep(PERIOD_MS);
  }
  await rm(path, { force: true });
}
