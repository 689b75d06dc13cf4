import { fileURLToPath } from 'node:url';

// By way of dist/, so that it is the compiled file from a test of the sources too.
const GUARD = fileURLToPath(new URL('../../dist/processes/guard.js', import.meta.url));

/** The same command under a guard, when there is a lifetime to be bound to. */
export function guarded(
  socket: string | null,
  command: string,
  args: readonly string[],
): [string, string[]] {
  if (socket === null) return [command, [...args]];
  return [process.execPath, [GUARD, socket, '--', command, ...args]];
}
