import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../config/config.js';
import type { AskInput } from '../contracts/asking.js';
import { SampleTrace } from '../contracts/trace.js';
import { askOnHost, traceOf } from './ask-on-host.js';
import type { Answered, Asked } from './commands/sample.js';
import type { Revealed } from './denoising-canvas.js';
import { DenoisingReplay } from './denoising-replay.js';
import type { Place } from './sample-place.js';
import { wholeNumber } from './sampling-settings.js';

/** Seconds that a question waits for a free slot when nobody says how long. */
const PATIENCE = '60';

/** On a host of the plan's class, by the server; its trace comes by the store. */
export async function answerOnHost(
  settings: Config,
  { model, label }: Extract<Place, { kind: 'host' }>,
  { questions, sampling, options, view, trace }: Asked,
): Promise<Answered> {
  const systemPrompt = options.systemPrompt ?? model.systemPrompt ?? null;
  const { artifact, folder, tokenizer, store, hosts } = model;
  const input: AskInput = {
    model: { artifact, folder, tokenizer, store },
    ...{ hosts, questions, systemPrompt, sampling, watch: view !== null },
    // What came after the last heartbeat is in the trace.
    trace: trace !== null || view !== null,
    patienceSeconds: wholeNumber('--patience', options.patience ?? PATIENCE, 1),
  };
  const replay = view && new DenoisingReplay((event) => view.take(event));
  const answered = await askOnHost(settings, input, (reveals) => replay?.tell(reveals));
  const lines = await traceOf(settings, input, answered);
  replay?.tell(lines.split('\n').filter(Boolean).flatMap(revealsOf));
  if (trace !== null) {
    await mkdir(dirname(trace), { recursive: true });
    await writeFile(trace, lines);
  }
  const { host, metrics } = answered;
  const told = { model: { folder: null, label, systemPrompt: model.systemPrompt ?? null } };
  return {
    label: `${label}, on ${host}`,
    metrics,
    told: { ...told, device: hosts.device, host, systemPrompt },
  };
}

/** A question's line of the trace as the events that made it. */
function revealsOf(line: string, question: number): Revealed[] {
  const { canvas, reveals } = SampleTrace.parse(JSON.parse(line));
  const steps = new Map<number, Revealed['tokens'][number][]>();
  for (const { step, position, text, confidence, token } of reveals) {
    const one = { position, text, confidence, token: Number(token) };
    steps.set(step, [...(steps.get(step) ?? []), one]);
  }
  return [...steps].map(([step, tokens]) => ({ type: 'revealed', question, step, canvas, tokens }));
}
