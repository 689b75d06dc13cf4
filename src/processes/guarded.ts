import { fileURLToPath } from 'node:url';

// By way of dist/, so that it is the compiled file from a test of the sources too.
const GUARD = fileURLToPath(new URL('../../dist/processes/guard.js', import.meta.url));

export interface GuardOptions {
  /** File in which the guard says which process it has started. */
  readonly record?: string;
  /** How long the command lives on when whoever holds the lifetime is killed. */
  readonly patienceMs?: number;
}

/** The same command under a guard, when there is a lifetime to be bound to. */
export function guarded(
  socket: string | null,
  command: string,
  args: readonly string[],
  { record, patienceMs }: GuardOptions = {},
): [string, string[]] {
  if (socket === null) return [command, [...args]];
  const options = [
    ...(record === undefined ? [] : ['--record', record]),
    ...(patienceMs === undefined ? [] : ['--patience', String(patienceMs)]),
  ];
  return [process.execPath, [GUARD, socket, ...options, '--', command, ...args]];
}
