import { z } from 'zod';

/** How answers are decoded. `blockLength` null is the official sampler on the whole canvas. */
export const SamplingConfig = z.strictObject({
  order: z.enum(['origin', 'maskgit_plus', 'topk_margin', 'entropy']).default('entropy'),
  maxNewTokens: z.int().min(1).default(256).describe('canvas: masked positions after the prompt'),
  steps: z.int().min(1).default(256).describe('denoising steps over the whole canvas'),
  blockLength: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('blocks revealed left to right; null: the whole canvas at once'),
  temperature: z.number().min(0).default(0),
  topP: z.number().gt(0).max(1).nullable().default(null),
  topK: z.int().min(1).nullable().default(null),
  algTemp: z.number().min(0).nullable().default(null),
  eps: z.number().gt(0).lt(1).default(0.001),
  stopAtEnd: z.boolean().default(true).describe('stop a row once its answer has ended'),
  seed: z.int().min(0).default(0),
});
export type SamplingConfig = z.infer<typeof SamplingConfig>;

export const SuiteConfig = z.strictObject({
  name: z.enum(['arithmetic', 'gsm8k']),
  questions: z.int().min(1).describe('how many, a seeded choice'),
  seed: z.int().min(0).default(0),
  file: z.string().optional().describe('JSONL of the suite; required for gsm8k'),
});
export type SuiteConfig = z.infer<typeof SuiteConfig>;
