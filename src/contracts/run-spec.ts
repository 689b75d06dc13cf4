import { z } from 'zod';
import { MicroBatchBudget } from './budget.js';
import { CompareSpec, GatherSpec } from './comparison.js';
import { SamplingConfig, SuiteConfig } from './sampling.js';
import { Shard } from './shards.js';
import { Source } from './source.js';
import { StrategiesSpec } from './strategies.js';
import { TraceSpec } from './trace.js';
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
  baseName: z
    .string()
    .min(1)
    .optional()
    .describe('how PEFT finds the adapter’s base, as owner/name; absent: the name of that folder'),
  dataset: z.string().min(1).describe('folder that convert wrote'),
  training: TrainingConfig,
  stopAfterSteps: z
    .int()
    .min(1)
    .optional()
    .describe('end early with a result, the schedule still that of training.steps (smoke-train)'),
  budgets: z
    .array(MicroBatchBudget)
    .default([])
    .describe(
      'what earlier stages or other hosts found to fit; with those of runDir and of the checkpoint the least of this device’s is kept to',
    ),
  resumeFrom: z.string().nullable().default(null).describe('checkpoint folder'),
  checkpoints: z.strictObject({
    everySteps: z.int().min(1).optional().describe('give everySteps or everySeconds, not both'),
    everySeconds: z.number().gt(0).optional(),
    folder: z
      .string()
      .min(1)
      .describe(
        'staging: each finished checkpoint is a folder step-<n>; while publishing.json lies in it, as {"seconds": 41.2, "everySeconds": 140}, none is taken sooner after the last than those seconds, and everySeconds there, if any, takes the place of the one here; read between steps',
      ),
    keep: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('null: whoever reads the events deletes'),
    compiledCode: z
      .boolean()
      .default(false)
      .describe(
        'with training.compile: checkpoints carry compiled code, and resumeFrom runs what is in it; true only for checkpoints that nobody else could have written',
      ),
  }),
  output: z
    .string()
    .min(1)
    .nullable()
    .describe('folder for the fine-tuned model; null: nothing reads it, so it is not written'),
});

export const SampleSpec = z.strictObject({
  command: z.literal('sample'),
  ...common,
  model: z.string().min(1).describe('model folder in the Hugging Face layout, tokenizer included'),
  questions: z.array(z.string().min(1)).min(1).describe('each is answered on its own'),
  systemPrompt: z.string().nullable().default(null).describe('null: the tokenizer’s own default'),
  sampling: SamplingConfig,
  slots: z
    .int()
    .min(1)
    .optional()
    .describe('questions answered together; all of them when left out'),
  trace: z.string().optional().describe('file for the trace of the denoising'),
  watch: z.boolean().default(false).describe('an event for what every step reveals'),
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
  compile: z
    .boolean()
    .nullable()
    .default(null)
    .describe(
      'compiled decoding, which may change a token; null: on a GPU whose machine has a compiler',
    ),
  shard: Shard.nullable()
    .default(null)
    .describe('questions [from, to), counted through the suites in their order; null: all'),
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
  CompareSpec,
  GatherSpec,
  StrategiesSpec,
  TraceSpec,
]);
export type RunSpec = z.infer<typeof RunSpec>;
/** A spec as written to the file, before the Python side fills in defaults. */
export type RunSpecInput = z.input<typeof RunSpec>;
