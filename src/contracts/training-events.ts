import { z } from 'zod';
import { FileEntry, Sha256 } from './base.js';

/** Training is about to make its first step, or goes on from a checkpoint. */
export const Ready = z.strictObject({
  type: z.literal('ready'),
  step: z.int().describe('steps already done'),
  totalSteps: z.int().describe('the step at which this run ends by itself'),
  secondsToReady: z.number().describe('since process start'),
  resumedFrom: z.string().nullable(),
});

export const ResumedInexactly = z.strictObject({
  type: z.literal('resumed_inexactly'),
  differences: z
    .array(z.strictObject({ what: z.string(), checkpoint: z.string(), now: z.string() }))
    .min(1),
});

/** Bucket i of `nllByT` holds the documents with i/8 ≤ t < (i + 1)/8. */
export const T_BUCKETS = 8;

export const Step = z.strictObject({
  type: z.literal('step'),
  step: z.int(),
  totalSteps: z.int().describe('the step at which this run ends by itself'),
  epoch: z.number(),
  loss: z.number().nullable().describe('null: no token was masked, so nothing was updated'),
  lossAnswer: z.number().nullable(),
  lossFirstEos: z.number().nullable(),
  lossTail: z.number().nullable(),
  learningRate: z.number(),
  gradientNorm: z.number(),
  gradientSpikes: z.int().min(0).optional().describe('steps so far with a jump of this norm'),
  maskedTokens: z.int(),
  documentTokens: z.int().describe('of this step'),
  tokensPerSecond: z.number(),
  secondsData: z.number(),
  secondsCompute: z.number(),
  secondsCheckpoint: z.number(),
  memoryBytes: z.int().nullable(),
  mfu: z
    .number()
    .min(0)
    .nullable()
    .optional()
    .describe('share of the card’s peak; recomputing not counted; null: no peak is known'),
  nllByT: z
    .array(z.number().nullable())
    .length(T_BUCKETS)
    .nullable()
    .optional()
    .describe('nats per masked token of this step’s documents by t, in equal buckets; null: none'),
});

export const CheckpointReady = z.strictObject({
  type: z.literal('checkpoint-ready'),
  step: z.int().describe('steps (train) or batches (evaluate) it contains'),
  folder: z.string(),
  files: z.array(FileEntry).min(1),
  seconds: z.number().describe('copy, write and hash'),
  stallSeconds: z.number().describe('what the loop waited for it'),
  best: z.boolean().optional().describe('lowest fixed-noise validation loss so far'),
  endsEpoch: z.boolean().optional(),
  nll: z.number().nullable().optional().describe('validation loss of these very weights'),
});

/** The loss on held-out rows under noise that is the same for all steps and runs of one `grid`. */
export const Validation = z.strictObject({
  type: z.literal('validation'),
  step: z.int(),
  nll: z.number().describe('nats per masked token, mean over noise levels'),
  nllByT: z.array(
    z.strictObject({
      t: z.number().describe('noise level'),
      nll: z.number().nullable().describe('null: nothing was masked at this level'),
      maskedTokens: z.int(),
    }),
  ),
  best: z.boolean().describe('lowest so far in this run'),
  grid: Sha256.describe('digest of rows, noise levels and masks: only equal ones compare'),
  seconds: z.number(),
});
