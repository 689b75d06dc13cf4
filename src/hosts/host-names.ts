import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../store/local-files.js';
import { KeyClaims } from './key-claims.js';

/**
 * Id of a host that nobody has named. A worker that is started again in the same home is the same
 * host again: it finds what it had staged and fetched. Of several at once each is one of its own.
 */
export async function hostIdIn(home: string, hostname: string): Promise<string> {
  const folder = join(home, 'hosts', 'names');
  const claims = new KeyClaims(folder);
  for (let slot = 1; ; slot += 1) {
    // With its name: machines that share a disk know nothing of each other's processes.
    const key = `${hostname}-${slot}`;
    if (await claims.takeFromDead(key)) return idAt(join(folder, key), hostname);
  }
}

async function idAt(path: string, hostname: string): Promise<string> {
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known !== '') return known;
  const id = `${hostname}-${randomUUID().slice(0, 8)}`;
  await replaceFile(path, Buffer.from(id));
  return id;
}
