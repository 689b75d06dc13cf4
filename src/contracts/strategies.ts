import { z } from 'zod';
import { Sha256 } from './base.js';
import { SamplingConfig, SuiteConfig } from './sampling.js';

/** Names of strategies are names of folders too. */
export const StrategyName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,47}$/, 'lower-case letters, digits, ".", "_" and "-", at most 48');

const strategies = z
  .array(z.strictObject({ name: StrategyName, sampling: SamplingConfig }))
  .min(1)
  .describe('each is measured on its own; the first is what the others are compared with');

/** What `python -m dream_sft strategies --spec FILE` takes: the same questions, decoded in several ways. */
export const StrategiesSpec = z.strictObject({
  command: z.literal('strategies'),
  runDir: z.string().min(1).describe('logs that people read'),
  threads: z.int().min(1).optional().describe('torch CPU threads; all cores when left out'),
  device: z.enum(['cpu', 'cuda']).default('cpu').describe('cuda: one NVIDIA GPU'),
  model: z.string().min(1).describe('model folder in the Hugging Face layout, tokenizer included'),
  suite: SuiteConfig,
  systemPrompt: z.string().nullable().default(null).describe('null: the tokenizer’s own default'),
  strategies,
  batchSize: z.int().min(1).describe('questions answered together; the same for every strategy'),
  output: z
    .string()
    .min(1)
    .describe('folder for strategies.json; strategies measured there already are not repeated'),
});

const Share = z.number().min(0).max(1);
const Count = z.int().min(0);

export const MeasuredStrategy = z.strictObject({
  name: StrategyName,
  sampling: SamplingConfig,
  batchSize: z.int().min(1),
  n: z.int().min(1),
  correct: Count,
  score: Share,
  interval: z.tuple([Share, Share]).describe('Wilson, 95 %'),
  unreadable: Count,
  empty: Count,
  truncated: Count,
  answerTokens: Count.describe('of all answers, before their ends'),
  meanAnswerTokens: z.number().min(0),
  seconds: z.number().gt(0).describe('of decoding all answers, after one that is not timed'),
  tokensPerSecond: z.number().min(0).describe('answerTokens / seconds'),
  forwardsPerAnswer: z
    .number()
    .min(0)
    .describe('passes through the model that an answer took part in, on average'),
  stepsPerAnswer: z.number().min(0),
  forwards: z
    .strictObject({ full: Count, window: Count, commit: Count })
    .describe('passes of whole batches: over all positions, over a block, over a finished block'),
  settings: z.string().min(1).describe('of model, questions, sampling, batch shape and device'),
});
export type MeasuredStrategy = z.infer<typeof MeasuredStrategy>;

export const StrategyResult = MeasuredStrategy.extend({
  againstFirst: z
    .strictObject({
      difference: z.number().min(-1).max(1).describe('score − score of the first'),
      interval: z.tuple([z.number(), z.number()]).describe('square-and-add, 95 %'),
      p: Share.describe('exact McNemar, two-sided, not adjusted for several strategies'),
      sameText: Share.describe('answers that are the first’s, word for word'),
    })
    .nullable()
    .describe('null: it is the first'),
});
export type StrategyResult = z.infer<typeof StrategyResult>;

export const StrategiesMetrics = z.strictObject({
  measured: Count.describe('strategies measured by this run; the others stood there already'),
  strategies: z.array(StrategyResult).min(1),
});

/** `<output>/strategies.json`: the same questions, answered by the same model in several ways. */
export const Strategies = z.strictObject({
  version: z.literal(1),
  suite: z.string().describe('name'),
  suiteVersion: z.int(),
  questions: SuiteConfig.describe('which were asked'),
  weightsSha256: Sha256,
  systemPrompt: z.string().nullable(),
  device: z.string().describe('cpu, or the name of the GPU'),
  strategies: z.array(StrategyResult).min(1),
});
export type Strategies = z.infer<typeof Strategies>;
