import { z } from 'zod';
import { SamplingConfig, SuiteConfig } from './sampling.js';

/** A question of an evaluation, by suite and id. */
export const CaseRef = z.strictObject({
  suite: z.string(),
  id: z.string().describe('of the question'),
});
export type CaseRef = z.infer<typeof CaseRef>;

/** What `python -m dream_sft trace --spec FILE` takes: an evaluation's, and which of its questions. */
export const TraceSpec = z.strictObject({
  command: z.literal('trace'),
  runDir: z.string().min(1).describe('logs that people read'),
  threads: z.int().min(1).optional().describe('torch CPU threads; all cores when left out'),
  device: z.enum(['cpu', 'cuda']).default('cpu').describe('cuda: one NVIDIA GPU'),
  model: z.string().min(1).describe('model folder in the Hugging Face layout, tokenizer included'),
  suites: z.array(SuiteConfig).min(1).describe('as they were evaluated'),
  cases: z.array(CaseRef).min(1).describe('questions of those suites'),
  systemPrompt: z.string().nullable().default(null).describe('null: the tokenizer’s own default'),
  sampling: SamplingConfig,
  batchSize: z.int().min(1).describe('that of the evaluation: tokens may depend on it'),
  compile: z.boolean().nullable().default(null).describe('that of the evaluation'),
  answers: z
    .array(z.string().min(1))
    .default([])
    .describe('answers of the evaluation, files or folders: each case says whether it is the same'),
  output: z.string().min(1).describe('folder for traces.jsonl'),
});

export const TraceMetrics = z.strictObject({
  cases: z.int().min(1),
  asEvaluated: z.int().min(0).describe('cases whose answer is the evaluation’s, word for word'),
  otherwise: z.int().min(0).describe('cases whose answer is another'),
  seconds: z.number().min(0),
});

/** A line of a trace, as `sample` and `trace` save it: how one answer formed. */
export const SampleTrace = z.looseObject({
  suite: z.string().optional().describe('of a question of an evaluation'),
  id: z.string().optional(),
  question: z.string(),
  answer: z.string(),
  asEvaluated: z.boolean().nullable().optional().describe('null: nothing to compare with'),
  tokens: z.int().min(0).describe('of the answer, up to its end'),
  canvas: z.int().min(1),
  steps: z.int().min(0),
  reveals: z.array(
    z.looseObject({
      step: z.int().min(0),
      position: z.int().min(0),
      text: z.string().nullable().describe('null: taken back, the position is masked again'),
      confidence: z.number().describe("in the order's own measure"),
    }),
  ),
});
export type SampleTrace = z.infer<typeof SampleTrace>;
