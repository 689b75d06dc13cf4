import { z } from 'zod';
import { GRADERS, SUITE_NAMES } from './suites.js';

/** How answers are decoded. `blockLength` null is the official sampler on the whole canvas. */
export const SamplingConfig = z.strictObject({
  order: z
    .enum(['origin', 'maskgit_plus', 'topk_margin', 'entropy'])
    .default('entropy')
    .describe('which positions are revealed first: random ones, or by a measure of confidence'),
  maxNewTokens: z.int().min(1).default(256).describe('canvas: masked positions after the prompt'),
  steps: z.int().min(1).default(256).describe('denoising steps over the whole canvas'),
  blockLength: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('blocks revealed left to right; null: the whole canvas at once'),
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
  stopAtEnd: z.boolean().default(true).describe('stop a row once its answer has ended'),
  seed: z.int().min(0).default(0).describe('of the draws'),
});
export type SamplingConfig = z.infer<typeof SamplingConfig>;

export const SuiteConfig = z.strictObject({
  name: z.enum(SUITE_NAMES),
  questions: z.int().min(1).describe('how many, a seeded choice'),
  seed: z.int().min(0).default(0).describe('of the choice of questions'),
  file: z.string().optional().describe('JSONL of the suite; all but arithmetic need it'),
  grader: z.enum(GRADERS).optional().describe('custom: of rows that name none'),
});
export type SuiteConfig = z.infer<typeof SuiteConfig>;
