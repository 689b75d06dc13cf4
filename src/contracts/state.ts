import { z } from 'zod';
import { Anchored } from './anchor.js';
import { Answering } from './answering.js';
import { ArtifactRef, Fen, Instant, PlanId } from './base.js';
import { PostMortem } from './journal.js';
import { Pilot } from './pilot.js';
import { HostsConfig } from './plan.js';
import { Quote } from './quote.js';
import { StageName } from './stages.js';
import { StoreConfig } from './store.js';
import { Compared } from './verdict.js';

export const StageStatus = z.enum([
  'waiting',
  'running',
  'pausing',
  'paused',
  'finished',
  'stopped',
  'failed',
  'cancelled',
]);
export type StageStatus = z.infer<typeof StageStatus>;

export const StageState = z.strictObject({
  name: StageName,
  status: StageStatus,
  attempts: z.int(),
  seconds: z.number(),
  cached: z.boolean(),
  startedAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
  message: z.string().nullable().describe('why it failed or what it waits for'),
});
export type StageState = z.infer<typeof StageState>;

export const Gate = z.strictObject({
  status: z.enum(['closed', 'waiting', 'approved']),
  approvedBy: z.string().nullable(),
  at: Instant.nullable(),
});

/** Who has approved a quote that needed no person. */
export const LIMIT_OF_PLAN = 'the limit in the plan';

export const PlanStatus = z.enum([
  'running',
  'awaiting-approval',
  'pausing',
  'paused',
  'finished',
  'cancelled',
  'failed',
]);
export type PlanStatus = z.infer<typeof PlanStatus>;

/** Whether a plan in this status will never run again by itself. */
export const hasEnded = (status: PlanStatus): boolean =>
  status === 'finished' || status === 'cancelled' || status === 'failed';

/** News of a running GPU stage: cumulative totals, so that a lost signal loses nothing. */
export const StageNews = z.strictObject({
  stage: StageName,
  stageKey: z.string(),
  attempts: z.int(),
  activityState: z.string().describe('of the pending activity, in the server’s words'),
  host: z.string().nullable(),
  waitingFor: z.string().nullable().describe('what a person must do, as for a manual host'),
  done: z.int(),
  total: z.int().nullable(),
  loss: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  publishedStep: z.int().nullable(),
  interruptions: z.int(),
  postMortems: z.array(PostMortem).describe('those that are new since the last news, at most 200'),
  spentFen: Fen,
  capReached: z.boolean(),
  at: Instant,
});
export type StageNews = z.infer<typeof StageNews>;

/** Where the model lies that full-train has left: its result, or its last checkpoint when stopped. */
export const FineTuned = z.strictObject({
  artifact: ArtifactRef,
  folder: z.enum(['', 'model']).describe('of the model inside the artifact'),
  tokenizer: ArtifactRef.describe('its files belong into the same folder'),
  base: ArtifactRef.optional().describe('what it was trained from; left out by older versions'),
  systemPrompt: z
    .string()
    .nullable()
    .optional()
    .describe('in training and evaluation; null: the tokenizer’s own; left out by older versions'),
  hosts: HostsConfig.pick({ gpuClass: true, device: true, threads: true })
    .optional()
    .describe('where it can be asked; left out by older versions'),
  store: StoreConfig,
});
export type FineTuned = z.infer<typeof FineTuned>;

/** The newest published checkpoint of a full-train that has not come to its end. */
export const LastCheckpoint = FineTuned.extend({ step: z.int() });
export type LastCheckpoint = z.infer<typeof LastCheckpoint>;

/** Artifacts of the graded answers, where a plan has been evaluated before and after. */
const Answers = z.strictObject({ before: ArtifactRef, after: ArtifactRef });

export const PlanState = z.strictObject({
  planId: PlanId,
  title: z.string(),
  status: PlanStatus,
  startedAt: Instant,
  deadlineAt: Instant,
  stages: z.array(StageState),
  current: StageNews.nullable(),
  quote: Quote.nullable(),
  gate: Gate,
  interruptions: z.array(PostMortem),
  spentFen: Fen,
  capFen: Fen,
  stoppedAtCap: z.boolean(),
  ticked: z.record(z.string(), Instant).describe('checklist item → when'),
  model: FineTuned.nullable().default(null).describe('null: nothing has been trained yet'),
  checkpoint: LastCheckpoint.nullable().default(null),
  pilot: Pilot.nullable().default(null).describe('null: none, or not begun'),
  anchor: Anchored.nullable()
    .default(null)
    .describe('of eval-before; null: not asked for, or not yet'),
  compared: Compared.nullable().default(null).describe('after against before; null: not yet'),
  answering: Answering.nullable().default(null).describe('an evaluation while it goes; else null'),
  answers: Answers.nullable().default(null).describe('null: not evaluated twice yet'),
  failure: z.string().nullable(),
});
export type PlanState = z.infer<typeof PlanState>;

/** `runs/<planId>/summary.json`: what scripts read when a plan has ended (design.md, Two commands). */
export const Summary = z.strictObject({
  planId: PlanId,
  status: PlanStatus,
  wallSeconds: z.number(),
  stages: z.array(
    z.strictObject({
      name: StageName,
      status: StageStatus,
      attempts: z.int(),
      seconds: z.number(),
      cached: z.boolean(),
    }),
  ),
  interruptions: z.array(
    z.strictObject({
      stage: StageName,
      kind: z.string(),
      detectedAfterSeconds: z.number().nullable(),
      resumedAfterSeconds: z.number().nullable(),
      stepsLost: z.int(),
      moneyLostFen: Fen,
    }),
  ),
  training: z
    .strictObject({
      steps: z.int(),
      tokens: z.int(),
      finalLoss: z.number().nullable().describe('null: no step had a masked token'),
      orderHash: z.string(),
      weightsSha256: z.string().nullable().describe('null: training was stopped before its end'),
      tokensPerSecond: z.number(),
      resumedInexactly: z.boolean(),
    })
    .nullable(),
  evaluation: z.strictObject({
    before: z.record(z.string(), z.looseObject({ score: z.number(), n: z.int() })),
    after: z.record(z.string(), z.looseObject({ score: z.number(), n: z.int() })),
    comparison: Compared.nullable()
      .default(null)
      .describe('after against before; null: not evaluated twice, or they do not compare'),
    answers: Answers.nullable().default(null).describe('null: not evaluated twice'),
  }),
  model: FineTuned.nullable().default(null).describe('the fine-tuned model, in the store'),
  checkpoint: LastCheckpoint.nullable().default(null),
  pilot: Pilot.nullable().default(null).describe('null: the plan has none, or did not reach it'),
  spend: z.strictObject({
    currency: z.literal('CNY'),
    totalFen: Fen,
    capFen: Fen,
    lostToInterruptionsFen: Fen,
  }),
  report: z.strictObject({
    html: z.string().nullable(),
    pptx: z.string().nullable(),
    markdown: z.string().nullable(),
  }),
  temporalUi: z.string().nullable(),
});
export type Summary = z.infer<typeof Summary>;
