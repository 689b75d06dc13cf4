import { z } from 'zod';
import { FileEntry, Sha256 } from './base.js';
import { CompareMetrics } from './comparison.js';
import {
  ConvertMetrics,
  DownloadMetrics,
  EvaluateMetrics,
  MergeMetrics,
  SampleMetrics,
  TrainMetrics,
  ValidateMetrics,
} from './metrics.js';
import { StrategiesMetrics } from './strategies.js';
import { TraceMetrics } from './trace.js';

/** One line of the trainer's stdout. Nothing else is ever written there. */
const Started = z.strictObject({
  type: z.literal('started'),
  command: z.enum([
    'download',
    'convert',
    'validate',
    'train',
    'sample',
    'evaluate',
    'merge',
    'compare',
    'gather',
    'strategies',
    'trace',
  ]),
  pid: z.int(),
  pythonVersion: z.string(),
  torchVersion: z.string().nullable(),
  device: z.string(),
  threads: z.int().nullable(),
});

/** Training is about to make its first step, or goes on from a checkpoint. */
const Ready = z.strictObject({
  type: z.literal('ready'),
  step: z.int().describe('steps already done'),
  totalSteps: z.int().describe('the step at which this run ends by itself'),
  secondsToReady: z.number().describe('since process start'),
  resumedFrom: z.string().nullable(),
});

const ResumedInexactly = z.strictObject({
  type: z.literal('resumed_inexactly'),
  differences: z
    .array(z.strictObject({ what: z.string(), checkpoint: z.string(), now: z.string() }))
    .min(1),
});

/** Bucket i of `nllByT` holds the documents with i/8 ≤ t < (i + 1)/8. */
export const T_BUCKETS = 8;

const Step = z.strictObject({
  type: z.literal('step'),
  step: z.int(),
  totalSteps: z.int().describe('the step at which this run ends by itself'),
  epoch: z.number(),
  loss: z.number(),
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

const Answers = z.strictObject({
  type: z.literal('answers'),
  suite: z.string(),
  batchesDone: z.int(),
  batchesTotal: z.int(),
  done: z.int(),
  total: z.int(),
  correct: z.int(),
});

/** `sample` with `watch`: what one question's canvas gained (or lost again) at one step. */
const Revealed = z.strictObject({
  type: z.literal('revealed'),
  question: z.int().min(0).describe('place in the spec’s questions'),
  step: z.int().min(0),
  canvas: z.int().min(1).describe('positions in all'),
  tokens: z
    .array(
      z.strictObject({
        position: z.int().min(0).describe('in the canvas'),
        token: z.int().min(0),
        text: z.string().nullable().describe('null: taken back, a mask again'),
        confidence: z.number().describe('in the order’s own measure'),
      }),
    )
    .min(1),
});

/** Long work without steps: bytes of a download, rows of a conversion. */
const Progress = z.strictObject({
  type: z.literal('progress'),
  what: z.string(),
  done: z.int(),
  total: z.int().nullable(),
  unit: z.enum(['bytes', 'rows', 'questions', 'files']),
});

const CheckpointReady = z.strictObject({
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
const Validation = z.strictObject({
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

const Warning = z.strictObject({
  type: z.literal('warning'),
  message: z.string(),
});

/** Before exit 69: the token budget that the next attempt should try. */
const Budget = z.strictObject({
  type: z.literal('budget'),
  resource: z.enum(['gpu-memory', 'host-memory', 'disk']),
  tokenBudget: z.int().nullable(),
  tokens: z.int().min(1).optional().describe('of the micro-batch that did not fit'),
});

const ErrorEvent = z.strictObject({
  type: z.literal('error'),
  reason: z.enum(['spec', 'data', 'weights', 'diverged', 'resources', 'network', 'internal']),
  message: z.string().describe('one or two lines: what, to which thing, what to do'),
  mistakes: z.array(z.string()).describe('every mistake, one line each'),
});

const result = <C extends string, M extends z.ZodType>(command: C, metrics: M) =>
  z.strictObject({
    type: z.literal('result'),
    command: z.literal(command),
    folder: z.string().nullable(),
    files: z.array(FileEntry).describe('outputs, relative to folder'),
    metrics,
  });

export const ResultEvent = z.discriminatedUnion('command', [
  result('download', DownloadMetrics),
  result('convert', ConvertMetrics),
  result('validate', ValidateMetrics),
  result('train', TrainMetrics),
  result('sample', SampleMetrics),
  result('evaluate', EvaluateMetrics),
  result('merge', MergeMetrics),
  result('compare', CompareMetrics),
  result('gather', EvaluateMetrics),
  result('strategies', StrategiesMetrics),
  result('trace', TraceMetrics),
]);
export type ResultEvent = z.infer<typeof ResultEvent>;

export const TrainerEvent = z.union([
  z.discriminatedUnion('type', [
    Started,
    Ready,
    ResumedInexactly,
    Step,
    Answers,
    Revealed,
    Progress,
    CheckpointReady,
    Validation,
    Warning,
    Budget,
    ErrorEvent,
  ]),
  ResultEvent,
]);
export type TrainerEvent = z.infer<typeof TrainerEvent>;
export type ValidationEvent = z.infer<typeof Validation>;
export type CheckpointReadyEvent = z.infer<typeof CheckpointReady>;

/** The trainer's exit codes (design.md, "Two halves"). */
export const EXIT = {
  finished: 0,
  spec: 64,
  data: 65,
  diverged: 66,
  resources: 69,
  stopped: 75,
} as const;
