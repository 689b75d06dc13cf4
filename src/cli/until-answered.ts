import { setTimeout as sleep } from 'node:timers/promises';
import { QueryNotRegisteredError } from '@temporalio/client';
import { CLI_EXIT } from '../contracts/failures.js';
import { CliError } from './cli-error.js';
import { grpcCodeOf } from './grpc-code.js';

export const ANSWERS_WITHIN_MS = 10_000;
const PAUSE_MS = 250;

/** In gRPC's numbers. */
const DEADLINE_EXCEEDED = 4;
/**
 * What a busy server or worker says, and a moment later does not: cancelled (a call whose time ran out
 * before it was sent), unknown, resource exhausted, failed precondition ("no poller seen", as while a
 * control worker starts), aborted, internal.
 */
const PASSING: ReadonlySet<number> = new Set([1, 2, 8, 9, 10, 13]);

export const noAnswer = (planId: string): CliError =>
  new CliError(
    `Plan ${planId} did not answer within 10 s.`,
    CLI_EXIT.noServer,
    'Is a control worker running? Start one with `dream-sft worker control`.',
  );

/** Asks a plan's workflow, again while it is only busy, until the time for an answer is over. */
export async function untilAnswered<T>(
  planId: string,
  ask: (deadline: number) => Promise<T>,
  withinMs: number = ANSWERS_WITHIN_MS,
): Promise<T> {
  for (const deadline = Date.now() + withinMs; ;) {
    try {
      return await ask(deadline);
    } catch (error) {
      const code = grpcCodeOf(error);
      if (error instanceof QueryNotRegisteredError || code === DEADLINE_EXCEEDED) {
        throw noAnswer(planId);
      }
      if (code === null || !PASSING.has(code)) throw error;
      if (Date.now() + PAUSE_MS >= deadline) throw noAnswer(planId);
      await sleep(PAUSE_MS);
    }
  }
}

export const isDeadline = (error: unknown): boolean => grpcCodeOf(error) === DEADLINE_EXCEEDED;
