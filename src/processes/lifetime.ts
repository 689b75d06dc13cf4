import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Lifetime {
  readonly socket: string;
  /** How many watch now. */
  watchers(): number;
  /** Tells everybody who watches that nobody will hold it again. */
  end(): Promise<void>;
}

const HEARD_WITHIN_MS = 500;

/**
 * Holds a socket for as long as this process lives; guards watch its other end. `heirOf`: whoever
 * holds that home's next finds those that wait for an heir.
 */
export async function holdLifetime(heirOf?: string): Promise<Lifetime> {
  // Paths of Unix sockets are limited to about 100 bytes, so not below the home folder.
  const folder =
    heirOf === undefined ? await mkdtemp(join(tmpdir(), 'dream-sft-')) : await own(heirOf);
  const socket = join(folder, 'life');
  const watchers = new Set<Socket>();
  const server = createServer((watcher) => {
    watchers.add(watcher);
    watcher.on('error', () => undefined);
    watcher.once('close', () => watchers.delete(watcher));
    watcher.resume();
  });
  // Of a holder that was killed.
  await rm(socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  server.unref();
  return {
    socket,
    watchers: () => watchers.size,
    end: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const watcher of watchers) watcher.end('over');
      // A guard that is stopped hears nothing.
      await Promise.race([closed, sleep(HEARD_WITHIN_MS, undefined, { ref: false })]);
      for (const watcher of watchers) watcher.destroy();
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The same for every holder of one home, and of nobody else: others may write to the folder it is in. */
async function own(home: string): Promise<string> {
  const name = createHash('sha256').update(home).digest('hex').slice(0, 16);
  const folder = join(tmpdir(), `dream-sft-${process.getuid?.() ?? 0}-${name}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid)) return folder;
  throw new Error(
    `${folder} belongs to somebody else. Remove it, or set TMPDIR to a folder of yours.`,
  );
}
