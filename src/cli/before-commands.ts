import type { Command } from 'commander';
import { action } from './context.js';

/** Scores before a training, so that nobody pays for them twice. */
export function addBefore(program: Command): void {
  const before = program
    .command('before')
    .description('scores of a plan’s base: carry them to another machine or store');
  before
    .command('export <plan> <folder>')
    .description('put what eval-before of a plan file has measured into a new or empty folder')
    .option('--set <path=value...>', 'other values than the file has, as at its start')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(
      action(async (plan, folder, options) =>
        (await import('./commands/before.js')).exportBefore(plan, folder, options),
      ),
    );
  before
    .command('import <plan> <folder>')
    .description('take them into the store of a plan file; what does not fit is refused')
    .option('--set <path=value...>', 'other values than the file has, as at its start')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(
      action(async (plan, folder, options) =>
        (await import('./commands/before.js')).importBefore(plan, folder, options),
      ),
    );
}
