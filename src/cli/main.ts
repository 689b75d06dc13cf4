import { Command } from 'commander';
import { addAsking } from './asking-commands.js';
import { addBefore } from './before-commands.js';
import { action } from './context.js';
import { addMockCloud } from './mock-cloud-command.js';
import { addNoting } from './noting-commands.js';
import { addStoreCommands } from './store-commands.js';

/** Commands load their code when they run: `--help` must not wait for the Temporal client. */
export function buildProgram(): Command {
  const program = new Command('dream-sft')
    .description(
      'Fine-tunes Dream 7B on s1K as a durable five-day plan on GPU hosts that may vanish',
    )
    .showHelpAfterError('(dream-sft --help lists the commands)')
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });
  addLongRunning(program);
  addStart(program);
  addActing(program);
  addReadingCommands(program);
  addAsking(program);
  addNoting(program);
  addBefore(program);
  addStoreCommands(program);
  addMockCloud(program);
  return program;
}

function addLongRunning(program: Command): void {
  program
    .command('up')
    .description(
      'start server, control and prep workers here, until Ctrl-C; plans start GPU workers',
    )
    .option(
      '--only <parts>',
      'comma-separated: server, control, prep, gpu (the last for plans with provider manual)',
    )
    .option(
      '--gpu-class <name>',
      'class of the GPU worker of --only, hosts.gpuClass of the plan',
      'local',
    )
    .option('--port <number>', 'port of the Temporal server; its UI takes port + 1000', '7233')
    .action(action(async (options) => (await import('./commands/up.js')).up(options)));
  program
    .command('worker <kind>')
    .description('run one worker in the foreground: control, prep or gpu')
    .option('--gpu-class <name>', 'class of a gpu worker, hosts.gpuClass of the plan', 'local')
    .action(
      action(async (kind, options) => (await import('./commands/worker.js')).worker(kind, options)),
    );
  program
    .command('demo')
    .description(
      'carry plans/tiny.yaml through all stages here, with a killed GPU worker on the way',
    )
    .option('--json', 'print summary.json and nothing else')
    .option('--keep', 'leave server and workers running until Ctrl-C')
    .option('--plan <file>', 'another plan than plans/tiny.yaml')
    .option('--lang <en|zh>', 'language of the report')
    .action(action(async (options) => (await import('./commands/demo.js')).demo(options)));
  addDrill(program);
}

function addDrill(program: Command): void {
  program
    .command('drill')
    .description('strike the tiny plan with fault after fault here and see that nothing is lost')
    .option('--faults <names>', 'comma-separated; all in turn when left out')
    .option('--trials <number>', 'how many; one of each fault when left out')
    .option('--seed <number>', 'of the steps at which they strike', '1')
    .option('--lang <en|zh>', 'language of the table')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(action(async (options) => (await import('./commands/drill.js')).drill(options)));
}

function addStart(program: Command): void {
  program
    .command('start <plan>')
    .description('start a plan file; prints its id')
    .option('--id <id>', 'another id than the file names')
    .option('--set <path=value...>', 'other values than the file has, as training.steps=40')
    .option('--wait', 'follow it to its end')
    .option('--again', 'train anew although it has finished; without it start prints the result')
    .option('--lang <en|zh>', 'language of the report')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(
      action(async (file, options) => (await import('./commands/start.js')).start(file, options)),
    );
}

function addActing(program: Command): void {
  const act = (name: 'approve' | 'pause' | 'resume' | 'cancel', description: string): void => {
    program
      .command(`${name} <id>`)
      .description(description)
      .action(action(async (id) => (await import('./commands/act.js'))[name](id)));
  };
  act('approve', 'approve the quote of a waiting plan');
  act('pause', 'stop after a checkpoint and give the hosts back');
  act('resume', 'go on with a paused plan');
  act('cancel', 'end a plan after a last checkpoint; it can be started again from there');
  program
    .command('retry <id>')
    .description('do a stage, and all after it, again')
    .requiredOption('--from <stage>', 'the first to do again, as full-train')
    .action(action(async (id, options) => (await import('./commands/act.js')).retry(id, options)));
  program
    .command('tick <id> <item>')
    .description(
      'tick an item of the five days that only a person can do; a wrong item lists the right ones',
    )
    .action(action(async (id, item) => (await import('./commands/act.js')).tick(id, item)));
}

function addReadingCommands(program: Command): void {
  program
    .command('watch <id>')
    .description('follow a plan live')
    .option('--json', 'print the document of status on a line of its own at every change')
    .action(
      action(async (id, options) => (await import('./commands/watch.js')).watch(id, options)),
    );
  program
    .command('status [id]')
    .description('one plan on one screen, or all plans')
    .option('--lang <en|zh>', 'language, en when left out')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(
      action(async (id, options) => (await import('./commands/read.js')).status(id, options)),
    );
  program
    .command('list')
    .description('all plans, each by its newest run')
    .option('--all', 'every run of every plan')
    .option('--lang <en|zh>', 'language, en when left out')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(action(async (options) => (await import('./commands/list.js')).list(options)));
  addReadingOfResults(program);
  addPlanFileCommands(program.command('plan').description('work on plan files'));
}

function addReadingOfResults(program: Command): void {
  program
    .command('logs <id> [stage]')
    .description('log of a stage (as full-train), of the newest when none is named')
    .option('-f, --follow', 'go on as it grows, until Ctrl-C')
    .option('--json', 'print {stage, line} for each line, for scripts')
    .action(
      action(async (id, stage, options) =>
        (await import('./commands/logs.js')).logs(id, stage, options),
      ),
    );
  program
    .command('export <id> <folder>')
    .description('put the fine-tuned model, tokenizer included, into a new or empty folder')
    .option('--checkpoint', 'the newest published checkpoint’s model, of a training that stopped')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(
      action(async (id, folder, options) =>
        (await import('./commands/export.js')).exportModel(id, folder, options),
      ),
    );
  program
    .command('report <id>')
    .description('result of a plan that has ended, and where its report lies')
    .option('--json', 'print summary.json instead')
    .action(
      action(async (id, options) => (await import('./commands/read.js')).report(id, options)),
    );
}

function addPlanFileCommands(plan: Command): void {
  plan
    .command('check <file>')
    .description('find every mistake of a plan file')
    .option('--set <path=value...>', 'other values than the file has, as training.steps=40')
    .option('--lang <en|zh>', 'language, that of the plan when left out')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(
      action(async (file, options) =>
        (await import('./commands/read.js')).planCheck(file, options),
      ),
    );
  plan
    .command('explain <file>')
    .description('why each parameter is what it is, and what the plan takes on which card')
    .option('--set <path=value...>', 'other values than the file has, as training.steps=40')
    .option('--lang <en|zh>', 'language, that of the plan when left out')
    .option('--json', 'print one JSON document instead, for scripts')
    .action(
      action(async (file, options) =>
        (await import('./commands/plan-explain.js')).planExplain(file, options),
      ),
    );
}
