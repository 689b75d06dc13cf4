import { z } from 'zod';
import { Instant, Language, PlanId } from './base.js';
import { HostsConfig } from './plan.js';
import { SamplingConfig, SuiteConfig } from './sampling.js';
import { Shard } from './shards.js';
import { Source } from './source.js';
import { CaseRef } from './trace.js';
import { CheckpointConfig, TrainingConfig, ViewConfig } from './training.js';

/**
 * The slice of a resolved plan that a stage depends on: it goes into the stage key, and the activity
 * parses it. Nothing that may change without changing the result belongs here.
 */
const compute = {
  device: HostsConfig.shape.device,
  threads: z.int().min(1).optional(),
};

export const DownloadConfiguration = z.strictObject({
  sources: z.strictObject({
    base: Source,
    /** Left out: the base's own files become the artifact `tokenizer`. */
    tokenizer: Source.optional(),
    dataset: Source,
    /** The file of the pilot's questions. */
    pilot: Source.optional(),
  }),
  suites: z
    .array(z.strictObject({ name: SuiteConfig.shape.name, source: Source }))
    .describe('suites whose questions are not drawn; they make the artifact `suites`'),
});
export type DownloadConfiguration = z.infer<typeof DownloadConfiguration>;

export const ConvertConfiguration = z.strictObject({ ...ViewConfig.shape });
export type ConvertConfiguration = z.infer<typeof ConvertConfiguration>;

export const ValidateConfiguration = z.strictObject({ suites: z.array(SuiteConfig) });
export type ValidateConfiguration = z.infer<typeof ValidateConfiguration>;

export const SmokeTrainConfiguration = z.strictObject({
  training: TrainingConfig,
  stopAfterSteps: z.int().min(1),
  questions: z.int().min(1).describe('answers sampled to measure the evaluation'),
  sampling: SamplingConfig,
  systemPrompt: z.string().nullable(),
  ...compute,
});
export type SmokeTrainConfiguration = z.infer<typeof SmokeTrainConfiguration>;

export const FullTrainConfiguration = z.strictObject({
  training: TrainingConfig,
  checkpoints: CheckpointConfig,
  baseName: z.string().optional().describe('hub repository of the base, for the adapter'),
  ...compute,
});
export type FullTrainConfiguration = z.infer<typeof FullTrainConfiguration>;

export const EvalConfiguration = z.strictObject({
  suites: z.array(SuiteConfig).min(1),
  suiteVersions: z
    .record(z.string(), z.int().min(1))
    .describe('of those suites: another prompt or rule is another score'),
  sampling: SamplingConfig,
  batchSize: z.int().min(1),
  compile: z.boolean().optional(),
  systemPrompt: z.string().nullable(),
  modelFolder: z
    .enum(['', 'model'])
    .describe('folder of the artifact `model` that holds the weights; `model` in a checkpoint'),
  shard: Shard.optional().describe('of those questions; left out: all, as in the key of the whole'),
  ...compute,
});
export type EvalConfiguration = z.infer<typeof EvalConfiguration>;

export const GatherConfiguration = z.strictObject({
  questions: z.record(z.string(), z.int().min(1)).describe('suite → answers that there must be'),
});
export type GatherConfiguration = z.infer<typeof GatherConfiguration>;

export const CompareConfiguration = z.strictObject({
  canvases: z.array(z.int().min(1)).describe('sizes; of each an artifact `canvas-<size>`'),
});
export type CompareConfiguration = z.infer<typeof CompareConfiguration>;

/** The evaluation's own, so that the tokens are the same. */
export const TraceConfiguration = EvalConfiguration.extend({ cases: z.array(CaseRef).min(1) });
export type TraceConfiguration = z.infer<typeof TraceConfiguration>;

export const ReportConfiguration = z.strictObject({
  planId: PlanId,
  title: z.string(),
  language: Language,
  /** A report tells of one run of a plan, so that no other run may reuse it. */
  startedAt: Instant,
});
export type ReportConfiguration = z.infer<typeof ReportConfiguration>;
