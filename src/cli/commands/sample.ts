import { resolve } from 'node:path';
import type { TrainerEvent } from '../../contracts/events.js';
import type { SampleMetrics } from '../../contracts/metrics.js';
import type { z } from 'zod';
import { CLI_EXIT } from '../../contracts/failures.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { DenoisingView } from '../denoising-view.js';
import { findModel } from '../model-folder.js';
import { count, print, printJson } from '../output.js';
import { type SamplingArguments, samplingOf } from '../sampling-settings.js';
import { deviceOf, runTrainerHere } from '../trainer-here.js';

export interface SampleArguments extends SamplingArguments {
  readonly base?: boolean;
  readonly systemPrompt?: string;
  readonly saveTrace?: string;
  readonly watch?: boolean;
  readonly device?: string;
  readonly json?: boolean;
}

/** Asks a model on this machine. */
export async function sample(
  model: string,
  questions: readonly string[],
  options: SampleArguments,
): Promise<number> {
  const sampling = samplingOf(options);
  if (questions.some((question) => question.trim() === '')) {
    throw new CliError('A question is empty; nothing was asked.', CLI_EXIT.usage);
  }
  const settings = await config();
  const device = await deviceOf(options.device);
  const found = await findModel(settings, model, options.base ?? false);
  const systemPrompt = options.systemPrompt ?? found.systemPrompt;
  // stdout belongs to the document.
  const screen = options.json ? process.stderr : process.stdout;
  const view = options.watch ? new DenoisingView(screen, questions, sampling.order) : null;
  const onEvent = (event: TrainerEvent): void => {
    if (event.type === 'revealed') view?.take(event);
  };
  const trace = options.saveTrace === undefined ? null : resolve(options.saveTrace);
  const { metrics } = await runTrainerHere(
    settings,
    (folder) => ({
      ...{ command: 'sample', runDir: folder, device, model: found.folder },
      ...{ questions: [...questions], systemPrompt, sampling },
      // One canvas at a time can be watched.
      ...(view ? { watch: true, slots: 1 } : {}),
      ...(trace === null ? {} : { trace }),
    }),
    onEvent,
  );
  if (options.json) printJson({ model: found, device, sampling, systemPrompt, ...metrics, trace });
  else tell(found.label, metrics, trace);
  return CLI_EXIT.ok;
}

function tell(label: string, metrics: z.infer<typeof SampleMetrics>, trace: string | null): void {
  const { answers, seconds = 0 } = metrics;
  for (const { question, answer } of answers) {
    print(answers.length > 1 ? `\n> ${question}\n${answer}` : answer);
  }
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0);
  const steps = answers.reduce((sum, answer) => sum + answer.steps, 0);
  const pace = `${count(tokens, 'token')} in ${count(steps, 'step')}, ${seconds.toFixed(1)} s`;
  process.stderr.write(`(${label}: ${pace})\n`);
  if (trace !== null) process.stderr.write(`(trace: ${trace})\n`);
}
