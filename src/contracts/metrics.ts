import { z } from 'zod';
import { FileEntry, Sha256 } from './base.js';
import { CompareMetrics } from './comparison.js';
import { StrategiesMetrics } from './strategies.js';
import { TraceMetrics } from './trace.js';

/** What each command's `result` event carries in `metrics`. */
export const DownloadMetrics = z.strictObject({
  items: z.array(
    z.strictObject({
      name: z.string(),
      revision: z.string().nullable().describe('commit of a hub repository'),
      files: z.array(FileEntry),
      seconds: z.number(),
    }),
  ),
});

export const ConvertMetrics = z.strictObject({
  rowsRead: z.int(),
  rowsKept: z.int(),
  rowsHeldOut: z.int(),
  rowsByRule: z.record(z.string(), z.int()).describe('view or rule applied → rows'),
  rowsDropped: z.int(),
  droppedByRule: z.record(z.string(), z.int()).optional().describe('over_long, too_short → rows'),
  shareThatFits: z
    .record(z.string(), z.number())
    .optional()
    .describe('1024, 2048, 4096, 8192 → share of all rows read, as the view asks for them'),
  rowsWithInstruction: z.int().optional().describe('training rows asked for a boxed answer'),
  droppedRows: z.array(z.int()).describe('first 50 row numbers, from 1'),
  promptTokens: z.int(),
  responseTokens: z.int(),
  longest: z.int(),
  tokenizer: z.string(),
});

export const ValidateMetrics = z.strictObject({
  rows: z.int(),
  tokensPerEpoch: z.int().describe('prompt + response + first EOS'),
  lengths: z.strictObject({ p50: z.int(), p90: z.int(), max: z.int() }),
  shareThatFits: z
    .record(z.string(), z.number())
    .describe(
      '1024, 2048, 4096, 8192 → share of all rows read, as the view asks for them, before any is replaced or dropped',
    ),
  rowsByRule: z.record(z.string(), z.int()).optional().describe('of the training rows'),
  droppedByRule: z.record(z.string(), z.int()).optional(),
  duplicates: z.int(),
  emptyFields: z.int(),
  overlap: z
    .record(z.string(), z.int())
    .describe('suite → training rows that hold one of its questions'),
});

export const TrainMetrics = z.strictObject({
  steps: z.int(),
  stepsThisAttempt: z.int(),
  tokens: z.int().describe('document tokens: prompt + response + first EOS'),
  finalLoss: z
    .number()
    .nullable()
    .describe('of the last step with a masked token; null: there was none'),
  orderHash: Sha256,
  weightsSha256: Sha256,
  tokensPerSecond: z.number(),
  secondsPerStep: z.number(),
  resumedInexactly: z.boolean(),
  gradientSpikes: z
    .int()
    .min(0)
    .optional()
    .describe('steps whose gradient norm was over 5 times the median of the 50 before'),
  parameters: z.int(),
  trainableParameters: z.int(),
});

export const SampleMetrics = z.strictObject({
  answers: z.array(
    z.strictObject({ question: z.string(), answer: z.string(), tokens: z.int(), steps: z.int() }),
  ),
  secondsPerToken: z.number(),
  seconds: z.number().optional().describe('of all answers, made together'),
});

export const SuiteScore = z.strictObject({
  score: z.number().min(0).max(1),
  n: z.int().min(0),
  correct: z.int().min(0),
  interval: z.tuple([z.number(), z.number()]).describe('Wilson, 95 %'),
  unreadable: z.int().min(0),
  meanAnswerTokens: z.number(),
  seconds: z.number(),
  version: z.int().optional().describe('of the suite: prompt, choice of questions, grading'),
  empty: z.int().min(0).optional().describe('answers that are end tokens only'),
  truncated: z.int().min(0).optional().describe('answers that the canvas ended'),
  key: z
    .string()
    .optional()
    .describe('of weights, suite version and settings: equal keys are the same scores'),
  detectable: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('smallest difference that so many questions show 4 times out of 5'),
  subjects: z
    .record(z.string(), z.strictObject({ n: z.int().min(1), correct: z.int().min(0) }))
    .optional(),
});
export type SuiteScore = z.infer<typeof SuiteScore>;

export const EvaluateMetrics = z.strictObject({
  suites: z.record(z.string(), SuiteScore),
  secondsPerQuestion: z.number(),
  answersThisAttempt: z.int(),
});

export const MergeMetrics = z.strictObject({
  adaptedWeights: z.int().describe('weights that an adapter was added to'),
  rank: z.int(),
  scale: z.number().describe('alpha / rank'),
  weightsSha256: Sha256,
  comparison: z
    .strictObject({
      positions: z.int(),
      meanKl: z.number().describe('KL(unmerged ‖ merged) in nats'),
      maxKl: z.number(),
      argmaxAgreement: z.number().min(0).max(1),
      precision: z.enum(['fp32', 'bf16']).describe('of the computation of both'),
      text: z.enum(['dataset', 'random']),
    })
    .nullable(),
});

export const METRICS = {
  download: DownloadMetrics,
  convert: ConvertMetrics,
  validate: ValidateMetrics,
  train: TrainMetrics,
  sample: SampleMetrics,
  evaluate: EvaluateMetrics,
  merge: MergeMetrics,
  compare: CompareMetrics,
  gather: EvaluateMetrics,
  strategies: StrategiesMetrics,
  trace: TraceMetrics,
} as const;
