import { z } from 'zod';
import { ArtifactRef, Instant, Language, PlanId, Sha256 } from './base.js';
import { MicroBatchBudget } from './budget.js';
import { ChosenInterval } from './interval.js';
import { PostMortem } from './journal.js';
import {
  ConvertMetrics,
  DownloadMetrics,
  EvaluateMetrics,
  SampleMetrics,
  TrainMetrics,
  ValidateMetrics,
} from './metrics.js';
import { StageName } from './stages.js';
import { TraceMetrics } from './trace.js';
import { Compared } from './verdict.js';

/** What smoke-train measured of everything that the rest of a plan consists of. */
export const Pace = z.strictObject({
  hostStartSeconds: z
    .number()
    .describe('from the asking for a host, or its boot, to its first work'),
  prepareSeconds: z.number().describe('bringing model and data to the host'),
  readySeconds: z.number().describe('from the trainer’s start to its first step'),
  secondsPerStep: z.number().describe('the first step left out'),
  validationSeconds: z.number().optional().describe('held-out rows, once; absent: none measured'),
  exportSeconds: z
    .number()
    .optional()
    .describe('reading, writing and hashing as many bytes as the base’s weights have'),
  secondsPerBatch: z.number().describe('answering the probe’s questions together'),
  batchQuestions: z.int().min(1),
});
export type Pace = z.infer<typeof Pace>;

/** Loss on held-out rows under frozen noise, over a whole training. */
export const Validated = z.strictObject({
  best: z
    .strictObject({
      step: z.int(),
      nll: z.number().nullable(),
      artifact: ArtifactRef,
      folder: z.enum(['', 'model']).describe('of the model inside the artifact'),
    })
    .nullable()
    .describe('the final model, or an earlier checkpoint that is kept beside it'),
  curve: z.array(z.strictObject({ step: z.int(), nll: z.number() })).max(201),
});
export type Validated = z.infer<typeof Validated>;

const Budgets = z
  .array(MicroBatchBudget)
  .min(1)
  .optional()
  .describe('by GPU model, where something ran out of memory: later trainings start within them');

/**
 * Names of a stage's artifacts: download → base, tokenizer, dataset, suites · convert → dataset ·
 * validate → validation · smoke-train → run · full-train → model, best, run · eval-* → answers, run ·
 * report → report. `run` holds metrics.jsonl and logs; `answers` of eval-after comparison.json too.
 * The decoding of the report's cases → traces.
 */
export const StageMetrics = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('download'), download: DownloadMetrics }),
  z.strictObject({ kind: z.literal('convert'), convert: ConvertMetrics }),
  z.strictObject({ kind: z.literal('validate'), validate: ValidateMetrics }),
  z.strictObject({
    kind: z.literal('smoke-train'),
    train: TrainMetrics,
    sample: SampleMetrics,
    secondsToReady: z.number(),
    pace: Pace.optional(),
    budgets: Budgets,
  }),
  z.strictObject({
    kind: z.literal('full-train'),
    train: TrainMetrics,
    validation: Validated.optional().describe('of a training that validates'),
    interval: ChosenInterval.optional().describe('the last one, of a training that tunes it'),
    budgets: Budgets,
  }),
  z.strictObject({
    kind: z.literal('evaluate'),
    evaluate: EvaluateMetrics,
    comparison: Compared.optional().describe('with the answers before; of eval-after'),
    notCompared: z.string().optional().describe('why eval-after has no comparison'),
  }),
  z.strictObject({ kind: z.literal('trace'), before: TraceMetrics, after: TraceMetrics }),
  z.strictObject({
    kind: z.literal('report'),
    html: z.string(),
    markdown: z.string().nullable(),
    pptx: z.string().nullable(),
    language: Language,
  }),
]);
export type StageMetrics = z.infer<typeof StageMetrics>;

/** What a finished stage leaves in the store under `results/<stageKey>.json`. */
export const StageResult = z.strictObject({
  stage: StageName,
  stageKey: Sha256,
  planId: PlanId,
  artifacts: z.record(z.string(), ArtifactRef),
  metrics: StageMetrics,
  seconds: z.number().describe('of the attempt that finished'),
  finishedAt: Instant,
});
export type StageResult = z.infer<typeof StageResult>;

/** What a stage's activity returns. A stop is a return, not a failure (design.md, Pause and cancel). */
export const StageOutcome = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('finished'), result: StageResult }),
  z.strictObject({
    kind: z.literal('stopped'),
    checkpoint: z.strictObject({ step: z.int(), artifact: ArtifactRef }).nullable(),
  }),
]);
export type StageOutcome = z.infer<typeof StageOutcome>;

/** What the last published checkpoint of a training tells; its weights have no digest of their own. */
export const TrainedSoFar = z.strictObject({
  steps: z.int(),
  tokens: z.int(),
  finalLoss: z.number().nullable(),
  orderHash: Sha256,
  tokensPerSecond: z.number(),
  resumedInexactly: z.boolean(),
});
export type TrainedSoFar = z.infer<typeof TrainedSoFar>;

/** closeStage's fold of the whole journal; the summary comes from this, never from signals. */
export const ClosedStage = z.strictObject({
  attempts: z.int(),
  publishes: z.int(),
  refused: z.int(),
  newestCheckpoint: z.strictObject({ step: z.int(), artifact: ArtifactRef }).nullable(),
  interruptions: z.array(PostMortem),
  training: TrainedSoFar.nullable().describe('of full-train, by its newest checkpoint'),
  totalFen: z.int().describe('ledger total of the plan'),
});
export type ClosedStage = z.infer<typeof ClosedStage>;
