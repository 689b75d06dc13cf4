import { resolve } from 'node:path';
import type { z } from 'zod';
import { CLI_EXIT } from '../../contracts/failures.js';
import type { SampleMetrics } from '../../contracts/metrics.js';
import type { SamplingConfig } from '../../contracts/sampling.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { DenoisingView } from '../denoising-view.js';
import { count, print, printJson } from '../output.js';
import { answerHere } from '../sample-here.js';
import { answerOnHost } from '../sample-on-host.js';
import { placeOf } from '../sample-place.js';
import { type SamplingArguments, samplingOf } from '../sampling-settings.js';

export interface SampleArguments extends SamplingArguments {
  readonly base?: boolean;
  readonly systemPrompt?: string;
  readonly saveTrace?: string;
  readonly watch?: boolean;
  readonly on?: string;
  readonly patience?: string;
  readonly device?: string;
  readonly json?: boolean;
}

/** What is asked, wherever it is answered. */
export interface Asked {
  readonly questions: readonly string[];
  readonly sampling: SamplingConfig;
  readonly options: SampleArguments;
  readonly view: DenoisingView | null;
  /** Absolute path; null: no trace is asked for. */
  readonly trace: string | null;
}

export interface Answered {
  /** As a sentence names the model, and where it was asked if not here. */
  readonly label: string;
  readonly metrics: z.infer<typeof SampleMetrics>;
  /** What else the document tells: model, device or host, system prompt. */
  readonly told: Readonly<Record<string, unknown>>;
}

/** Asks a model, on this machine or on a host of the plan that made it. */
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
  const place = await placeOf(settings, model, options);
  // stdout belongs to the document.
  const screen = options.json ? process.stderr : process.stdout;
  const view = options.watch ? new DenoisingView(screen, questions, sampling.order) : null;
  const trace = options.saveTrace === undefined ? null : resolve(options.saveTrace);
  const asked: Asked = { questions, sampling, options, view, trace };
  const { label, metrics, told } =
    place.kind === 'here'
      ? await answerHere(settings, place, asked)
      : await answerOnHost(settings, place, asked);
  if (options.json) printJson({ ...told, sampling, ...metrics, trace });
  else tell(label, metrics, trace);
  return CLI_EXIT.ok;
}

function tell(label: string, metrics: Answered['metrics'], trace: string | null): void {
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
