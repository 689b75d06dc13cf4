import type { Command } from 'commander';
import { action } from './context.js';

/** Commands that ask a model. */
export function addAsking(program: Command): void {
  program
    .command('sample <model> <questions...>')
    .description('ask a model: the fine-tuned one of a plan id, or one in a folder')
    .option('--base', 'what the plan was trained from, to compare')
    .option('--watch', 'the denoising as it happens; in a pipe a line for each step')
    .option('--preset <name>', 'default, or published: as the authors sampled')
    .option('--set <key=value...>', 'other settings, as sampling.maxNewTokens=64')
    .option('--seed <number>', 'of the draws, where the temperature is above 0')
    .option(
      '--system-prompt <text>',
      'another than the plan’s; of a folder: than the tokenizer’s own',
    )
    .option('--save-trace <file>', 'which token came at which step and how sure, a line a question')
    .option('--on <here|host>', 'a free host of the plan; left out: where the plan’s device is')
    .option('--patience <seconds>', 'for a free slot of a host', '60')
    .option('--device <cpu|cuda>', 'here: cuda where this machine has a GPU when left out')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(
      action(async (model, questions, options) =>
        (await import('./commands/sample.js')).sample(model, questions, options),
      ),
    );
  program
    .command('strategies <model>')
    .description('decode the same questions in several ways here: score, speed, passes of each')
    .option('--questions <number>', 'how many', '50')
    .option(
      '--suite <name>',
      'arithmetic, gsm8k, math500, cd3, cd4, cd5, sudoku, custom',
      'arithmetic',
    )
    .option('--file <file>', 'JSONL of the suite; all but arithmetic need it')
    .option('--strategies <file>', 'YAML, name: { settings }; a usual dozen when left out')
    .option('--batch-size <number>', 'questions answered together', '32')
    .option('--base', 'of a plan: what it was trained from')
    .option('--preset <name>', 'what strategies change: default or published')
    .option('--set <key=value...>', 'other settings for all, as sampling.maxNewTokens=64')
    .option('--seed <number>', 'of the draws, where the temperature is above 0')
    .option(
      '--system-prompt <text>',
      'another than the plan’s; of a folder: than the tokenizer’s own',
    )
    .option('--device <cpu|cuda>', 'cuda where this machine has a GPU when left out')
    .option('--output <folder>', 'for strategies.json and .svg; what is measured there stands')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(
      action(async (model, options) =>
        (await import('./commands/strategies.js')).strategies(model, options),
      ),
    );
}
