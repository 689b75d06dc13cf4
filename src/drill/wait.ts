import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import { CliError } from '../cli/cli-error.js';
import { CLI_EXIT } from '../contracts/failures.js';

const LOOK_EVERY_MS = 200;
const PATIENCE_MS = 600_000;

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

/** However the SDK or our own command has wrapped it. */
function isUnanswered(error: unknown): boolean {
  if (error instanceof CliError) return error.exitCode === CLI_EXIT.noServer;
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at)) return true;
  }
  return false;
}
