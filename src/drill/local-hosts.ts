import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from '../processes/identity.js';
import { type Arena, killGuarded } from './arena.js';
import { removeHostRecord } from '../store/host-records.js';
import { signalProcess } from './training.js';
import { untilEnded } from './wait.js';

/** Hosts that the provider has started on this machine: host id → its process. */
export async function localHosts({ config }: Arena): Promise<Map<string, ProcessIdentity>> {
  const folder = join(config.home, 'hosts');
  const found = new Map<string, ProcessIdentity>();
  for (const id of await readdir(folder).catch(() => [] as string[])) {
    const text = await readFile(join(folder, id, 'host.json'), 'utf8').catch(() => null);
    if (text === null) continue;
    found.set(id, (JSON.parse(text) as { process: ProcessIdentity }).process);
  }
  return found;
}

/** Kills it whatever it is just doing: also a guard that has started nothing yet. */
export async function killLocalHost(identity: ProcessIdentity): Promise<void> {
  if (!(await isAlive(identity))) return;
  signalProcess(identity.pid, 'SIGSTOP');
  await killGuarded(identity.pid);
  signalProcess(identity.pid, 'SIGKILL');
}

/** All that live, ready or not. */
export async function killLocalHosts(arena: Arena): Promise<void> {
  for (const identity of (await localHosts(arena)).values()) await killLocalHost(identity);
}

/**
 * Ends them all and forgets that they ever were: a training that is done anew counts its boots anew,
 * and would be given the dead hosts of the one before.
 */
export async function forgetLocalHosts(arena: Arena): Promise<void> {
  await killLocalHosts(arena);
  const folder = join(arena.config.home, 'hosts');
  const retried = { recursive: true, force: true, maxRetries: 20, retryDelay: 100 } as const;
  for (const [id, identity] of await localHosts(arena)) {
    await untilEnded(identity, arena.signal);
    await rm(join(folder, id), retried);
    await removeHostRecord(arena.store, id);
  }
  await rm(join(folder, 'claims'), retried);
}
