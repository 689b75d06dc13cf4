import { CLI_EXIT } from '../contracts/failures.js';
import { StageName } from '../contracts/stages.js';
import { CliError } from './cli-error.js';

/** A stage as a person writes it; refuses any other word. */
export function stageCalled(name: string): StageName {
  const stage = StageName.safeParse(name);
  if (stage.success) return stage.data;
  throw new CliError(
    `There is no stage ${name}.`,
    CLI_EXIT.usage,
    `Stages: ${StageName.options.join(', ')}.`,
  );
}
