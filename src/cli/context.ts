import type { Config } from '../config/config.js';
import { CLI_EXIT } from '../contracts/failures.js';
import { CliError } from './cli-error.js';

/** What every command gets: loaded only when one runs, so that --help stays instant. */
export async function config(): Promise<Config> {
  const { loadConfig } = await import('../config/config.js');
  return loadConfig();
}

/** Runs a command's body; a CliError becomes its sentence and exit code, anything else is a defect. */
export function action<A extends unknown[]>(
  body: (...args: A) => Promise<number | void>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      process.exitCode = (await body(...args)) ?? CLI_EXIT.ok;
    } catch (error) {
      process.exitCode = report(error);
    }
  };
}

function report(error: unknown): number {
  if (error instanceof CliError) {
    process.stderr.write(`${error.message}\n`);
    if (error.advice) process.stderr.write(`${error.advice}\n`);
    return error.exitCode;
  }
  const coded = error as { exitCode?: unknown; message?: unknown };
  if (typeof coded.exitCode === 'number' && typeof coded.message === 'string') {
    process.stderr.write(`${coded.message}\n`);
    return coded.exitCode;
  }
  process.stderr.write(
    `dream-sft met a defect of its own: ${String((error as Error)?.stack ?? error)}\n`,
  );
  return CLI_EXIT.planFailed;
}
