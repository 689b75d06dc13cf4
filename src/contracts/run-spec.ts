import { z } from 'zod';
import { FileEntry, Sha256 } from './base.js';
import { SamplingConfig, SuiteConfig } from './sampling.js';
import { Source } from './source.js';
import { TrainingConfig, ViewConfig } from './training.js';

/**
 * What `python -m dream_sft <command> --spec FILE` takes. All paths are absolute or relative to the
 * spec file. `runDir` gets logs and metrics that people read; outputs go where the spec says.
 */
const common = {
  runDir: z.string().min(1).describe('logs, metrics and TensorBoard events'),
  threads: z.int().min(1).optional().describe('torch CPU threads; all cores when left out'),
  device: z.enum(['cpu', 'cuda']).default('cpu').describe('cuda: one NVIDIA GPU'),
};

export const DownloadSpec = z.strictObject({
  command: z.literal('download'),
  ...common,
  items: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[a-z0-9_-]+$/)
          .describe('how events and messages call it'),
        source: Source,
        destination: z.string().min(1).describe('folder that receives the files'),
      }),
    )
    .min(1),
});

export const ConvertSpec = z.strictObject({
  command: z.literal('convert'),
  ...common,
  dataset: z.string().min(1).describe('JSONL or Parquet file, or a folder that holds one'),
  tokenizer: z.string().min(1).describe('folder with the tokenizer files'),
  ...ViewConfig.shape,
  output: z.string().min(1).describe('folder for the converted dataset'),
});

export const ValidateSpec = z.strictObject({
  command: z.literal('validate'),
  ...common,
  dataset: z.string().min(1).describe('folder that convert wrote'),
  tokenizer: z.string().min(1).describe('folder with the tokenizer files'),
  suites: z
    .array(SuiteConfig)
    .default([])
    .describe('evaluation questions to look for overlap with'),
  output: z.string().min(1).describe('folder for validation.json and sample.txt'),
});

export const TrainSpec = z.strictObject({
  command: z.literal('train'),
  ...common,
  base: z.string().min(1).describe('model folder in the Hugging Face layout'),
  dataset: z.string().min(1).describe('folder that convert wrote'),
  training: TrainingConfig,
  stopAfterSteps: z
    .int()
    .min(1)
    .optional()
    .describe('end early with a result, the schedule still that of training.steps (smoke-train)'),
  resumeFrom: z.string().nullable().default(null).describe('checkpoint folder'),
  checkpoints: z.strictObject({
    everySteps: z.int().min(1).optional().describe('give everySteps or everySeconds, not both'),
    everySeconds: z.number().gt(0).optional(),
    folder: z.string().min(1).describe('staging: each finished checkpoint is a folder step-<n>'),
    keep: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('null: whoever reads the events deletes'),
  }),
  output: z.string().min(1).describe('folder for the fine-tuned model'),
});

export const SampleSpec = z.strictObject({
  command: z.literal('sample'),
  ...common,
  model: z.string().min(1).describe('model folder in the Hugging Face layout, tokenizer included'),
  questions: z.array(z.string().min(1)).min(1).describe('each is answered on its own'),
  systemPrompt: z.string().nullable().default(null).describe('null: the tokenizer’s own default'),
  sampling: SamplingConfig,
  trace: z.string().optional().describe('file for the trace of the denoising'),
});

export const EvaluateSpec = z.strictObject({
  command: z.literal('evaluate'),
  ...common,
  model: z.string().min(1).describe('model folder in the Hugging Face layout, tokenizer included'),
  suites: z.array(SuiteConfig).min(1),
  systemPrompt: z.string().nullable().default(null).describe('null: the tokenizer’s own default'),
  sampling: SamplingConfig,
  batchSize: z
    .int()
    .min(1)
    .describe('questions answered together; a stop repeats at most one batch'),
  resumeFrom: z
    .string()
    .nullable()
    .default(null)
    .describe('folder with answers of an earlier attempt'),
  checkpoints: z.strictObject({
    folder: z.string().min(1).describe('staging for finished answers, a folder step-<n> each'),
    everyBatches: z.int().min(1).default(1).describe('batches from one staging to the next'),
  }),
  output: z.string().min(1).describe('folder for answers.jsonl and scores.json'),
});

export const MergeSpec = z.strictObject({
  command: z.literal('merge'),
  ...common,
  base: z.string().min(1).describe('model folder in the Hugging Face layout; stays as it is'),
  adapter: z.string().min(1).describe('folder in PEFT’s layout, as train writes it'),
  positions: z
    .int()
    .min(0)
    .default(512)
    .describe('masked tokens to compare merged and unmerged predictions at; 0: no comparison'),
  dataset: z
    .string()
    .nullable()
    .default(null)
    .describe('folder that convert wrote, to compare on; null: tokens drawn at random'),
  output: z.string().min(1).describe('folder for the merged model'),
});

export const RunSpec = z.discriminatedUnion('command', [
  DownloadSpec,
  ConvertSpec,
  ValidateSpec,
  TrainSpec,
  SampleSpec,
  EvaluateSpec,
  MergeSpec,
]);
export type RunSpec = z.infer<typeof RunSpec>;
/** A spec as written to the file, before the Python side fills in defaults. */
export type RunSpecInput = z.input<typeof RunSpec>;

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
    .describe('1024, 2048, 4096, 8192 → share of rows'),
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
  finalLoss: z.number(),
  orderHash: Sha256,
  weightsSha256: Sha256,
  tokensPerSecond: z.number(),
  secondsPerStep: z.number(),
  resumedInexactly: z.boolean(),
  parameters: z.int(),
  trainableParameters: z.int(),
});

export const SampleMetrics = z.strictObject({
  answers: z.array(
    z.strictObject({ question: z.string(), answer: z.string(), tokens: z.int(), steps: z.int() }),
  ),
  secondsPerToken: z.number(),
});

export const SuiteScore = z.strictObject({
  score: z.number().min(0).max(1),
  n: z.int().min(0),
  correct: z.int().min(0),
  interval: z.tuple([z.number(), z.number()]).describe('Wilson, 95 %'),
  unreadable: z.int().min(0),
  meanAnswerTokens: z.number(),
  seconds: z.number(),
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
} as const;
