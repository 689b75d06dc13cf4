import type { Command } from 'commander';
import { action } from './context.js';

/** Commands about a store itself, whatever plans keep in it. */
export function addStoreCommands(program: Command): void {
  const store = program.command('store').description('look after the store of artifacts');
  store
    .command('gc [plan]')
    .description('what no journal and no result refers to; shows it, and deletes it with --delete')
    .option('--delete', 'delete it; plans may run meanwhile')
    .option('--older-than <time>', 'leave alone what is younger, at least 1h', '1d')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(
      action(async (plan, options) => (await import('./commands/store-gc.js')).gc(plan, options)),
    );
}
