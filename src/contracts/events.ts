import { z } from 'zod';
import { Answers, Revealed } from './answer-events.js';
import { FileEntry } from './base.js';
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
import {
  BudgetEvent,
  ErrorEvent,
  Pong,
  Progress,
  Started,
  Stopped,
  Warning,
} from './process-events.js';
import { StrategiesMetrics } from './strategies.js';
import { TraceMetrics } from './trace.js';
import { CheckpointReady, Ready, ResumedInexactly, Step, Validation } from './training-events.js';

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

/** One line of the trainer’s stdout. Nothing else is ever written there. */
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
    Pong,
    Stopped,
    BudgetEvent,
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
