import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Lifetime {
  readonly socket: string;
  end(): Promise<void>;
}

/** Holds a socket for as long as this process lives; guards watch its other end. */
export async function holdLifetime(): Promise<Lifetime> {
  // Paths of Unix sockets are limited to about 100 bytes, so not below the home folder.
  const folder = await mkdtemp(join(tmpdir(), 'dream-sft-'));
  const socket = join(folder, 'life');
  const watchers = new Set<Socket>();
  const server = createServer((watcher) => {
    watchers.add(watcher);
    watcher.on('error', () => undefined);
    watcher.once('close', () => watchers.delete(watcher));
    watcher.resume();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  server.unref();
  return {
    socket,
    end: async () => {
      for (const watcher of watchers) watcher.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
