import { z } from 'zod';
import { Language, PlanId } from './base.js';
import { PilotConfig } from './pilot.js';
import { PlanSampling, SamplingConfig, PlanSuite } from './sampling.js';
import { MOST_SHARDS } from './shards.js';
import { Source } from './source.js';
import { StoreConfig } from './store.js';
import { CheckpointConfig, TrainingConfig, ViewConfig } from './training.js';

const Cny = z.number().min(0).multipleOf(0.01).describe('CNY');

export const HostsConfig = z.strictObject({
  provider: z
    .enum(['local-process', 'manual'])
    .describe('local-process: a GPU worker on this machine; manual: a person starts hosts'),
  gpuClass: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'lower-case letters, digits and "-"')
    .describe('hosts of one class are interchangeable; names the task queue'),
  device: z.enum(['cpu', 'cuda']).default('cuda').describe('where the trainer computes'),
  threads: z.int().min(1).optional().describe('CPU threads of the trainer'),
  pricePerHourCny: Cny.describe('what one host-hour costs'),
  heartbeat: z
    .enum(['default', 'demo'])
    .default('default')
    .describe(
      'default: a host tells of itself every 5 s and is lost after 30 s of silence; demo: every second, after 5 s',
    ),
});
export type HostsConfig = z.infer<typeof HostsConfig>;

/** What is asked beside the evaluation itself, so that its scores can be believed. */
const checks = {
  again: z
    .strictObject({ batchSize: z.int().min(1) })
    .optional()
    .describe('before a second time, at another batch size: how many answers flip by that alone'),
  anchor: z
    .strictObject({
      questions: z.int().min(1).default(200),
      maxNewTokens: z.int().min(1).default(256),
    })
    .optional()
    .describe(
      'gsm8k before under presets published (one at a time) and default: whether this harness reproduces the published model',
    ),
  canvases: z
    .strictObject({
      questions: z.int().min(1).default(100),
      sizes: z.array(z.int().min(1)).min(2).default([256, 512, 1024]),
    })
    .optional()
    .describe('after, the same questions on canvases of these sizes: whether end tokens take over'),
};

export const MoneyConfig = z.strictObject({
  capCny: Cny.describe('training stops, with a checkpoint, before the plan passes this'),
  reserveCny: Cny.default(0).describe('kept back from training for evaluation and report'),
  approveBelowCny: Cny.default(0).describe('a quote up to this needs no approval by a person'),
});

/** What a user writes. Keys are camelCase; every key explains itself to the editor by the schema. */
export const Plan = z.strictObject({
  id: PlanId.describe('names the plan in every command and folder'),
  title: z.string().min(1).max(120).describe('heads the report and the UI'),
  language: Language.default('en').describe('of the report'),
  deadline: z
    .string()
    .regex(/^\d+(d|h|m)$/, 'a number with d, h or m, as in 5d')
    .default('5d')
    .describe('from the start of the plan'),
  base: Source.describe('the model to fine-tune, in the Hugging Face layout'),
  tokenizer: Source.optional().describe('folder of tokenizer files; the base’s own when left out'),
  data: z.strictObject({ source: Source, ...ViewConfig.shape }),
  training: TrainingConfig,
  smoke: z
    .strictObject({
      steps: z.int().min(2).default(5).describe('optimizer steps that measure the training'),
      questions: z
        .int()
        .min(1)
        .optional()
        .describe('answers sampled to measure the evaluation; a batch of it when left out'),
    })
    .prefault({}),
  evaluation: z.strictObject({
    suites: z.array(PlanSuite).min(1).describe('the same questions before and after'),
    sampling: PlanSampling,
    batchSize: z.int().min(1).default(8).describe('questions answered together'),
    shards: z
      .int()
      .min(1)
      .max(MOST_SHARDS)
      .optional()
      .describe(
        'parts that hosts answer side by side, each with its own attempts; scores do not depend on it; one for each 500 questions when left out',
      ),
    ...checks,
    compile: z
      .boolean()
      .optional()
      .describe(
        'compiled decoding, which may change a token; left out: on a GPU whose host has a compiler (say so where hosts differ)',
      ),
  }),
  pilot: PilotConfig.optional().describe(
    'short trainings between the gate and full-train, which goes on with the winner’s values',
  ),
  checkpoints: CheckpointConfig,
  hosts: HostsConfig,
  money: MoneyConfig,
  store: StoreConfig.prefault({ kind: 'local' }),
});

/**
 * The plan as the workflow gets it: every default filled in, paths absolute, money in fen, durations
 * in seconds, and the digest of all that, by which two starts of one id are compared.
 */
export const ResolvedPlan = z.strictObject({
  ...Plan.omit({ money: true, deadline: true, hosts: true }).shape,
  evaluation: Plan.shape.evaluation.extend({ sampling: SamplingConfig }),
  deadlineSeconds: z.int().min(1),
  hosts: HostsConfig.omit({ pricePerHourCny: true }).extend({ pricePerHourFen: z.int().min(0) }),
  money: z.strictObject({
    capFen: z.int().min(0),
    reserveFen: z.int().min(0),
    approveBelowFen: z.int().min(0),
  }),
  digest: z.string(),
});
export type ResolvedPlan = z.infer<typeof ResolvedPlan>;
