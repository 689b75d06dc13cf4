import type { Command } from 'commander';
import { action } from './context.js';

/** Commands by which a person adds to what the report tells. */
export function addNoting(program: Command): void {
  program
    .command('note <id> <text>')
    .description('a difficulty and how it was solved, dated, for report and slides')
    .option('--drill', 'it tells of an interruption that was made on purpose')
    .action(
      action(async (id, text, options) =>
        (await import('./commands/note.js')).note(id, text, options),
      ),
    );
  program
    .command('cases <id>')
    .description('choose the comparison cases of the report by hand; alone it shows the choice')
    .option('--pick <suite:question...>', 'as gsm8k:48; the next report shows these')
    .option('--comment <text...>', 'the first belongs to the first pick, and so on')
    .option('--by-rule', 'forget the choice')
    .action(action(async (id, options) => (await import('./commands/note.js')).cases(id, options)));
}
