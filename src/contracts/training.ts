import { z } from 'zod';

export const TrainingConfig = z.strictObject({
  steps: z.int().min(1).optional().describe('optimizer steps; give steps or epochs, not both'),
  epochs: z.number().gt(0).optional(),
  documentsPerStep: z.int().min(1).default(16).describe('documents of one global batch'),
  documentsPerMicroBatch: z.int().min(1).default(16),
  learningRate: z.number().gt(0).default(5e-5),
  betas: z.tuple([z.number().gt(0).lt(1), z.number().gt(0).lt(1)]).default([0.9, 0.95]),
  weightDecay: z.number().min(0).default(0),
  clipNorm: z.number().gt(0).nullable().default(1),
  warmup: z.number().min(0).max(1).default(0.06).describe('share of the steps'),
  warmupStepsAtLeast: z.int().min(0).default(0),
  finalLearningRate: z.number().min(0).max(1).default(0.1).describe('share of the peak, by cosine'),
  t: z.enum(['uniform', 'low_discrepancy']).default('low_discrepancy'),
  weighting: z.enum(['none', 'original', 'linear', 'cart']).default('cart'),
  cartP: z.number().gt(0).lt(1).default(0.1),
  normalise: z.enum(['global', 'microbatch']).default('global'),
  eosTail: z
    .union([z.tuple([z.int().min(0), z.int().min(0)]), z.enum(['official', 'as_one'])])
    .default([0, 64])
    .describe('further EOS tokens after the first: uniform between two numbers, or a named rule'),
  seed: z.int().min(0).default(42),
  precision: z.enum(['fp32', 'bf16']).default('fp32'),
});
export type TrainingConfig = z.infer<typeof TrainingConfig>;

export const CheckpointConfig = z
  .strictObject({
    everySteps: z.int().min(1).optional(),
    everySeconds: z.number().gt(0).optional(),
    keep: z.int().min(1).default(2).describe('published checkpoints kept besides the newest'),
  })
  .refine((c) => (c.everySteps === undefined) !== (c.everySeconds === undefined), {
    error: 'give either everySteps or everySeconds',
  });
export type CheckpointConfig = z.infer<typeof CheckpointConfig>;

export const ViewConfig = z.strictObject({
  view: z
    .enum(['attempt', 'trace', 'trace_if_fits', 'solution'])
    .default('attempt')
    .describe('what the model learns to answer with'),
  overLong: z
    .enum(['attempt_only', 'drop'])
    .default('attempt_only')
    .describe('rows over maxLength; drop is also what happens when attempt_only is still too long'),
  maxLength: z.int().min(8).default(2048).describe('tokens of prompt and response together'),
  systemPrompt: z.string().nullable().default(null).describe('null: the tokenizer’s own default'),
  heldOutRows: z.int().min(0).default(0),
  seed: z.int().min(0).default(0),
});
export type ViewConfig = z.infer<typeof ViewConfig>;
