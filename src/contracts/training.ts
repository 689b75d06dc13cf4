import { z } from 'zod';
import { AutoInterval } from './interval.js';

export const LORA_MODULES = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const;

export const LoraConfig = z.strictObject({
  rank: z.int().min(1).default(32).describe('rank of the two small matrices of each module'),
  alpha: z.number().gt(0).default(64).describe('the update is scaled by alpha / rank'),
  dropout: z.literal(0).default(0).describe('only 0: dropout draws would end exact resume'),
  modules: z
    .array(z.enum(LORA_MODULES))
    .min(1)
    .default([...LORA_MODULES])
    .describe('linear layers that get such matrices'),
});

export const ValidationConfig = z.strictObject({
  everySteps: z.int().min(1).optional().describe('besides the end of each epoch'),
  atEpochEnd: z.boolean().default(true).describe('also at the end of each epoch'),
  tGrid: z.int().min(1).max(64).default(8).describe('noise levels, each with its own frozen mask'),
});

export const TrainingConfig = z.strictObject({
  steps: z.int().min(1).optional().describe('optimizer steps; give steps or epochs, not both'),
  epochs: z.number().gt(0).optional().describe('passes over the rows, in place of steps'),
  documentsPerStep: z.int().min(1).default(16).describe('documents of one global batch'),
  documentsPerMicroBatch: z
    .int()
    .min(1)
    .default(16)
    .describe('documents computed at once; lower it when memory runs out'),
  learningRate: z.number().gt(0).default(5e-5).describe('the peak, after the warmup'),
  betas: z
    .tuple([z.number().gt(0).lt(1), z.number().gt(0).lt(1)])
    .default([0.9, 0.95])
    .describe('of AdamW'),
  weightDecay: z.number().min(0).default(0).describe('of AdamW'),
  clipNorm: z.number().gt(0).nullable().default(1).describe('of the gradient; null: no clipping'),
  warmup: z.number().min(0).max(1).default(0.06).describe('share of the steps'),
  warmupStepsAtLeast: z.int().min(0).default(0).describe('where the share gives fewer'),
  finalLearningRate: z.number().min(0).max(1).default(0.1).describe('share of the peak, by cosine'),
  t: z
    .enum(['uniform', 'low_discrepancy'])
    .default('low_discrepancy')
    .describe('draw of each document’s mask probability: independent, or spread evenly'),
  weighting: z
    .enum(['none', 'original', 'linear', 'cart'])
    .default('cart')
    .describe('of masked tokens: 1, 1/t, 1 - t, or by the unmasked neighbours'),
  cartP: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.1)
    .describe('cart: how fast neighbours fade; high is fast'),
  normalise: z
    .enum(['global', 'microbatch'])
    .default('global')
    .describe('loss over all masked tokens of a step, or the official mean of micro-batch means'),
  eosTail: z
    .union([z.tuple([z.int().min(0), z.int().min(0)]), z.enum(['official', 'as_one'])])
    .default([0, 64])
    .describe(
      'further EOS tokens: drawn from a range, or official (one length a step; as_one: one mask)',
    ),
  seed: z.int().min(0).default(42).describe('of order, masks and tails'),
  precision: z.enum(['fp32', 'bf16']).default('fp32').describe('of the computation'),
  tokensPerMicroBatch: z
    .int()
    .multipleOf(128)
    .min(128)
    .nullable()
    .default(null)
    .describe('documents packed into rows of at most so many tokens; null: padded rows'),
  method: z
    .enum(['full', 'lora'])
    .default('full')
    .describe('every weight, or small matrices beside a frozen base'),
  lora: LoraConfig.prefault({}),
  basePrecision: z
    .enum(['fp32', 'bf16', 'fp8', 'int8'])
    .default('fp32')
    .describe('storage of the weights; fp8 and int8 only for lora, whose base is frozen'),
  fullMode: z
    .enum(['plain', 'kept', 'fused'])
    .default('plain')
    .describe('plain: float32 weights; kept, fused: bf16 weights with an exact 16-bit remainder'),
  moments: z.enum(['fp32', 'bf16']).default('fp32').describe('bf16 needs betas[1] of at most 0.95'),
  activationCheckpointing: z
    .union([z.enum(['none', 'all', 'auto']), z.number().min(0).max(1)])
    .default('none')
    .describe('which layers compute their activations again; a number is a share of the layers'),
  compile: z.boolean().default(false),
  cudaGraphs: z
    .boolean()
    .default(true)
    .describe('LoRA over packed rows with attention cudnn: layers are recorded once and replayed'),
  attention: z
    .enum(['auto', 'varlen', 'cudnn', 'flex', 'sdpa', 'mask'])
    .default('auto')
    .describe('kernel for packed rows'),
  deterministic: z.boolean().default(false).describe('refuse kernels whose bits may vary'),
  validation: ValidationConfig.nullable().default(null).describe('loss on the held-out rows'),
  trackers: z.array(z.enum(['tensorboard', 'swanlab', 'wandb'])).default(['tensorboard']),
  hangFactor: z
    .number()
    .min(2)
    .default(20)
    .describe('a step that takes so many times the usual ends the process with all stacks'),
  worldSize: z.int().min(1).default(1).describe('processes, one a GPU'),
});
export type TrainingConfig = z.infer<typeof TrainingConfig>;

export const CheckpointConfig = z
  .strictObject({
    everySteps: z.int().min(1).optional().describe('give everySteps, everySeconds or auto'),
    everySeconds: z.number().gt(0).optional(),
    auto: AutoInterval.optional().describe(
      'as often as loses the least time in all, by what a checkpoint costs and how often hosts are lost',
    ),
    keep: z.int().min(1).default(2).describe('published checkpoints kept besides the newest'),
  })
  .refine((c) => [c.everySteps, c.everySeconds, c.auto].filter((one) => one).length === 1, {
    error: 'give one of everySteps, everySeconds and auto',
  });
export type CheckpointConfig = z.infer<typeof CheckpointConfig>;

export const ViewConfig = z.strictObject({
  view: z
    .enum(['attempt', 'trace', 'trace_if_fits', 'solution'])
    .default('attempt')
    .describe(
      'the answer learned; trace: trace and attempt; trace_if_fits: where it fits, else the attempt',
    ),
  overLong: z
    .enum(['attempt_only', 'drop', 'cut_right'])
    .default('attempt_only')
    .describe(
      'rows over maxLength; attempt_only drops what is still too long; cut_right only for d1’s recipe',
    ),
  maxLength: z.int().min(8).default(2048).describe('tokens of prompt and response together'),
  systemPrompt: z.string().nullable().default(null).describe('null: the tokenizer’s own default'),
  boxedInstruction: z
    .boolean()
    .default(false)
    .describe('ask for a boxed answer, as math500 does, where the attempt boxes its own'),
  dropUnderTokens: z
    .int()
    .min(0)
    .default(0)
    .describe('responses (attempts) of fewer tokens are dropped and counted'),
  heldOutRows: z.int().min(0).default(0).describe('rows kept out of training, a seeded choice'),
  seed: z.int().min(0).default(0).describe('of the held-out rows'),
});
export type ViewConfig = z.infer<typeof ViewConfig>;
