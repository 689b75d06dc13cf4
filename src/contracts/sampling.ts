import { z } from 'zod';
import { RowsSource } from './source.js';
import { GRADERS, SUITE_NAMES } from './suites.js';

/**
 * How answers are decoded; what is left out is preset `default`. `blockLength` null with cache
 * `none` is the official sampler on the whole canvas.
 */
export const SamplingConfig = z.strictObject({
  order: z
    .enum(['origin', 'maskgit_plus', 'topk_margin', 'entropy'])
    .default('entropy')
    .describe('how sure a prediction is; origin: not asked, positions go at random'),
  reveal: z
    .enum(['left_to_right', 'official', 'confidence'])
    .default('left_to_right')
    .describe(
      'which positions go first: by place, by confidence after temperature and topP (official), or by confidence at temperature 1',
    ),
  maxNewTokens: z.int().min(1).default(256).describe('canvas: masked positions after the prompt'),
  steps: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('denoising steps over the whole canvas, on the official time grid'),
  tokensPerStep: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('instead of steps: so many tokens a step; neither: one'),
  threshold: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(null)
    .describe('instead of both: every token at least so probable; not for a before/after'),
  blockLength: z
    .int()
    .min(1)
    .nullable()
    .default(32)
    .describe('blocks revealed left to right; null: the whole canvas at once'),
  cache: z
    .enum(['none', 'every_step', 'per_block', 'commit_pass'])
    .default('per_block')
    .describe('when kept keys and values are made anew; none and every_step are exact'),
  temperature: z.number().min(0).default(0).describe('0: the most probable token, no draw'),
  topP: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(null)
    .describe('draw from the most probable tokens of this total; null: from all'),
  topK: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('draw from so many tokens; null: from all'),
  algTemp: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe('randomness of the order; null or 0: the most confident positions'),
  eps: z.number().gt(0).lt(1).default(0.001).describe('where the time of the denoising ends'),
  remask: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(null)
    .describe('experimental: share of decided tokens taken back at a step; needs steps'),
  stopAtEnd: z.boolean().default(true).describe('stop a row once its answer has ended'),
  seed: z.int().min(0).default(0).describe('of the draws'),
});
export type SamplingConfig = z.infer<typeof SamplingConfig>;

/**
 * Settings with a name (the same in trainer/dream_sft/sampling/presets.py, which says where they
 * come from). `published` reproduces a published score only at batch size 1.
 */
export const SAMPLING_PRESETS = {
  default: (maxNewTokens: number): SamplingConfig => SamplingConfig.parse({ maxNewTokens }),
  published: (maxNewTokens: number): SamplingConfig =>
    SamplingConfig.parse({
      maxNewTokens,
      order: 'entropy',
      reveal: 'official',
      steps: maxNewTokens,
      blockLength: null,
      cache: 'none',
      temperature: 0.1,
      topP: 0.9,
    }),
} as const;
export type SamplingPreset = keyof typeof SAMPLING_PRESETS;

/** In a plan: the settings of a preset, and what is written beside it in their place. */
export const PlanSampling = SamplingConfig.extend({
  preset: z
    .enum(Object.keys(SAMPLING_PRESETS) as [SamplingPreset, ...SamplingPreset[]])
    .optional()
    .describe(
      'published: as the model’s authors sampled (their scores need batchSize 1 too); default: what is left out',
    ),
});

/** `{ preset, … }` as written in a plan with the preset's settings in place of its name. */
export function withPreset(written: unknown): unknown {
  if (typeof written !== 'object' || written === null || !('preset' in written)) return written;
  const { preset, ...own } = written as Readonly<Record<string, unknown>>;
  const name = PlanSampling.shape.preset.safeParse(preset);
  // Another name is the schema's to refuse.
  if (!name.success || name.data === undefined) return written;
  const canvas = SamplingConfig.shape.maxNewTokens.safeParse(own['maxNewTokens']);
  const settings = SAMPLING_PRESETS[name.data](canvas.success ? canvas.data : DEFAULT_CANVAS);
  return { ...settings, ...own };
}

const DEFAULT_CANVAS = SamplingConfig.parse({}).maxNewTokens;

/** Steps that an answer takes at most, as far as settings alone tell. */
export function mostSteps({ steps, tokensPerStep, maxNewTokens }: SamplingConfig): number {
  return steps ?? Math.ceil(maxNewTokens / (tokensPerStep ?? 1));
}

export const SuiteConfig = z.strictObject({
  name: z.enum(SUITE_NAMES),
  questions: z.int().min(1).describe('how many, a seeded choice'),
  seed: z.int().min(0).default(0).describe('of the choice of questions'),
  file: z.string().optional().describe('its questions as JSONL or Parquet; not for arithmetic'),
  grader: z.enum(GRADERS).optional().describe('custom: of rows that name none'),
});
export type SuiteConfig = z.infer<typeof SuiteConfig>;

/** In a plan: the questions may come from anywhere. */
export const PlanSuite = SuiteConfig.extend({
  source: RowsSource.optional().describe(
    'of its questions, one file; written out what `file` is short for',
  ),
});
export type PlanSuite = z.infer<typeof PlanSuite>;
