import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../cli/cli-error.js';
import { grpcCodeOf } from '../cli/grpc-code.js';
import { CLI_EXIT } from '../contracts/failures.js';
import { isAlive, processIdentity, type ProcessIdentity } from '../processes/identity.js';

const LOOK_EVERY_MS = 200;
const PATIENCE_MS = 1_200_000;

/** Something that a drill waited for has not come true: what it was is the message. */
export class DrillError extends Error {
  override readonly name = 'DrillError';
  readonly exitCode = 1;
}

/** Asks until the answer is not null; a server that does not answer may be just coming back. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | null>,
  signal?: AbortSignal,
): Promise<T> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until;) {
    const answer = await ask().catch((error: unknown) => {
      if (isUnanswered(error)) return null;
      throw error;
    });
    if (answer !== null) return answer;
    signal?.throwIfAborted();
    await sleep(LOOK_EVERY_MS);
  }
  throw new DrillError(`The drill waited in vain: ${what}.`);
}

/** Until a process is gone, or only waits to be reaped. */
export async function untilGone(pid: number, signal: AbortSignal): Promise<void> {
  const identity = await processIdentity(pid);
  if (identity !== null) await untilEnded(identity, signal);
}

export async function untilEnded(identity: ProcessIdentity, signal: AbortSignal): Promise<void> {
  const ended = async (): Promise<true | null> => ((await isAlive(identity)) ? null : true);
  await waitFor(`process ${identity.pid} ends`, ended, signal);
}

/** However the SDK or our own command has wrapped it. */
function isUnanswered(error: unknown): boolean {
  if (error instanceof CliError) return error.exitCode === CLI_EXIT.noServer;
  return grpcCodeOf(error) !== null;
}
