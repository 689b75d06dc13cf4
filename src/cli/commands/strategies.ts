import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '../../config/config.js';
import type { TrainerEvent } from '../../contracts/events.js';
import { CLI_EXIT } from '../../contracts/failures.js';
import { SuiteConfig } from '../../contracts/sampling.js';
import type { StrategyResult } from '../../contracts/strategies.js';
import { SUITE_NAMES } from '../../contracts/suites.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { findModel } from '../model-folder.js';
import { print, printJson } from '../output.js';
import { givenSettings, type SamplingArguments, wholeNumber } from '../sampling-settings.js';
import { type Chosen, strategiesOfFile, usualStrategies } from '../strategy-list.js';
import { FOOTNOTE, strategyTable } from '../strategy-table.js';
import { deviceOf, runTrainerHere } from '../trainer-here.js';

export interface StrategiesArguments extends SamplingArguments {
  readonly questions: string;
  readonly suite: string;
  readonly file?: string;
  readonly strategies?: string;
  readonly batchSize: string;
  readonly base?: boolean;
  readonly systemPrompt?: string;
  readonly device?: string;
  readonly output?: string;
  readonly json?: boolean;
}

/** Decodes the same questions in several ways on this machine and tells what each gave and took. */
export async function strategies(model: string, options: StrategiesArguments): Promise<number> {
  const chosen = await choose(options);
  const suite = suiteOf(options);
  const batchSize = wholeNumber('--batch-size', options.batchSize, 1);
  const settings = await config();
  const device = await deviceOf(options.device);
  const found = await findModel(settings, model, options.base ?? false);
  const systemPrompt = options.systemPrompt ?? found.systemPrompt;
  const output = outputOf(settings, model, options);
  for (const reason of chosen.leftOut) process.stderr.write(`left out: ${reason}\n`);
  const { metrics } = await runTrainerHere(
    settings,
    (folder) => ({
      ...{ command: 'strategies', runDir: folder, device, model: found.folder, suite, batchSize },
      ...{ systemPrompt, strategies: [...chosen.strategies], output },
    }),
    progress(chosen.strategies.length),
  );
  const drawing = join(output, 'strategies.svg');
  const title = `${found.label}: ${suite.questions} questions of ${suite.name}, ${device}`;
  await draw(drawing, title, metrics.strategies);
  const document = join(output, 'strategies.json');
  if (options.json) printJson({ model: found, device, document, drawing, ...metrics });
  else {
    print(`${title}\n\n${strategyTable(metrics.strategies)}\n\n${FOOTNOTE}`);
    print(`${document}\n${drawing}`);
  }
  return CLI_EXIT.ok;
}

async function choose({ strategies: file, ...options }: StrategiesArguments): Promise<Chosen> {
  const given = givenSettings(options);
  return file === undefined ? usualStrategies(given) : strategiesOfFile(file, given);
}

function suiteOf({ suite: name, questions, file }: StrategiesArguments): SuiteConfig {
  const wanted = wholeNumber('--questions', questions, 1);
  if (!(SUITE_NAMES as readonly string[]).includes(name)) {
    throw new CliError(`--suite ${name} is none of ${SUITE_NAMES.join(', ')}.`, CLI_EXIT.usage);
  }
  if (file === undefined && name !== 'arithmetic') {
    throw new CliError(`--suite ${name} needs --file, the JSONL of its questions.`, CLI_EXIT.usage);
  }
  if (file !== undefined && !existsSync(file)) {
    throw new CliError(`--file ${file}: there is no such file.`, CLI_EXIT.usage);
  }
  const place = file === undefined ? {} : { file: resolve(file) };
  return SuiteConfig.parse({ name, questions: wanted, ...place });
}

/** Of a plan's fine-tuned model: where the report of the plan looks for it. */
function outputOf({ home }: Config, model: string, options: StrategiesArguments): string {
  if (options.output !== undefined) return resolve(options.output);
  if (existsSync(join(model, 'config.json'))) return resolve('strategies');
  return join(home, 'runs', model, options.base ? 'strategies-base' : 'strategies');
}

/** A line of stderr at each strategy's end and each warning: stdout belongs to the table. */
function progress(total: number): (event: TrainerEvent) => void {
  let ended = 0;
  return (event) => {
    if (event.type === 'warning') process.stderr.write(`${event.message}\n`);
    if (event.type !== 'progress' || event.done !== event.total) return;
    ended += 1;
    process.stderr.write(`${event.what}: measured (${ended} of ${total})\n`);
  };
}

async function draw(
  path: string,
  title: string,
  results: readonly StrategyResult[],
): Promise<void> {
  const { strategyDrawing } = await import('../strategy-drawing.js');
  await writeFile(path, strategyDrawing(title, results));
}
