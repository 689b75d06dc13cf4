import { CLI_EXIT } from '../contracts/failures.js';

/** A mistake that the user can mend: printed as it is, without a stack trace. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: number = CLI_EXIT.usage,
    readonly advice?: string,
  ) {
    super(message);
  }
}

export function notFound(planId: string): CliError {
  return new CliError(
    `No plan is called ${planId} on this server.`,
    CLI_EXIT.notFound,
    'See `dream-sft list`.',
  );
}
