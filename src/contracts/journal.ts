import { z } from 'zod';
import { ArtifactRef, Fen, Instant, PlanId, Sha256 } from './base.js';
import { OutOfResource } from './budget.js';
import { ChosenInterval } from './interval.js';
import { Notice } from './notice.js';
import { StageName } from './stages.js';

/** Cause of an interruption; failures.ts has the reason behind each. */
export const InterruptionKind = z.enum([
  'host-lost',
  'trainer-crashed',
  'trainer-hung',
  'connection-lost',
  'preempted',
  'activity-paused',
  'out-of-resources',
]);
export type InterruptionKind = z.infer<typeof InterruptionKind>;

export const PostMortem = z.strictObject({
  stage: StageName,
  kind: InterruptionKind,
  lostToken: z.int().describe('fencing token of the attempt that was lost'),
  host: z.string(),
  noticeSeen: z.boolean(),
  notice: z
    .strictObject({
      source: Notice.shape.source,
      action: Notice.shape.action,
      seconds: z.number().describe('from the notice to the end it told'),
      handedOverAfterSeconds: z.number().describe('from the notice to the end of the attempt'),
    })
    .optional()
    .describe('of a cloud, or a SIGTERM'),
  lastSeenAt: Instant,
  detectedAfterSeconds: z.number().nullable(),
  resumedAfterSeconds: z.number().nullable().describe('last sign of life → first new step'),
  newestStepKnown: z.int(),
  resumedFromStep: z.int(),
  stepsLost: z.int(),
  moneyLostFen: Fen,
});
export type PostMortem = z.infer<typeof PostMortem>;

/** Of which loss it tells, however often it is told. */
export const identityOf = ({ stage, host, lostToken, lastSeenAt }: PostMortem): string =>
  [stage, host, lostToken, lastSeenAt].join(' ');

/** Entries of `chains/<stageKey>/<seq>.json`. The token of an attempt is the seq of its `acquired`. */
export const ChainEntry = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('acquired'),
    planId: PlanId,
    stage: StageName,
    host: z.string(),
    boot: z.string(),
    attempt: z.int(),
    run: z.string().optional().describe('of the workflow: an earlier run had the same stage key'),
    keep: z.int().min(1).optional().describe('published checkpoints that its rotation keeps'),
    at: Instant,
  }),
  z.strictObject({
    type: z.literal('booted'),
    key: z.string().describe('idempotency key the provider got'),
    host: z.string(),
    at: Instant,
  }),
  z.strictObject({
    type: z.literal('published'),
    token: z.int(),
    manifest: ArtifactRef,
    parent: Sha256.nullable(),
    step: z.int(),
    host: z.string(),
    best: z.boolean().optional().describe('lowest validation loss so far; kept by rotation'),
    endsEpoch: z.boolean().optional().describe('of a validated run; kept by rotation'),
    nll: z.number().optional().describe('validation loss of these very weights'),
    at: Instant,
  }),
  z.strictObject({ type: z.literal('copied'), manifest: Sha256, at: Instant }),
  z.strictObject({
    type: z.literal('interval'),
    token: z.int(),
    chosen: ChosenInterval,
    at: Instant,
  }),
  z.strictObject({
    type: z.literal('budget'),
    token: z.int(),
    ...OutOfResource.shape,
    // Left out by older versions.
    device: OutOfResource.shape.device.default(null),
    tokens: OutOfResource.shape.tokens.default(null),
    documents: OutOfResource.shape.documents.default(null),
    at: Instant,
  }),
  z.strictObject({
    type: z.literal('ended'),
    token: z.int(),
    how: z.enum(['finished', 'stopped', 'failed', 'crashed', 'preempted']),
    step: z.int(),
    message: z.string().max(500).nullable(),
    notice: Notice.optional().describe('why it was preempted'),
    at: Instant,
  }),
  z.strictObject({ type: z.literal('postMortem'), postMortem: PostMortem, at: Instant }),
  z.strictObject({
    type: z.literal('refused'),
    token: z.int().describe('of the attempt that was too late'),
    newestToken: z.int(),
    manifest: Sha256.nullable(),
    step: z.int(),
    host: z.string(),
    at: Instant,
  }),
]);
export type ChainEntry = z.infer<typeof ChainEntry>;

/** Entries of `ledgers/<planId>/<seq>.json`: host money, cumulative per host to lose no fraction. */
export const LedgerEntry = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('opened'),
    planId: PlanId,
    capFen: Fen,
    reserveFen: Fen,
    pricePerHourFen: Fen,
    at: Instant,
  }),
  z.strictObject({
    type: z.literal('host'),
    host: z.string(),
    stage: StageName,
    fen: Fen,
    seconds: z.number().min(0),
    at: Instant,
  }),
]);
export type LedgerEntry = z.infer<typeof LedgerEntry>;

/** `hosts/<id>.json` in the store, overwritten while the host lives. */
export const HostRecord = z.strictObject({
  id: z.string(),
  boot: z.string(),
  gpuClass: z.string(),
  hostname: z.string(),
  pid: z.int(),
  gpus: z.array(z.string()),
  pricePerHourFen: Fen.nullable(),
  profile: z.string(),
  codeDigest: Sha256,
  freeDiskBytes: z.int(),
  stage: StageName.nullable(),
  planId: PlanId.nullable(),
  step: z.int().nullable(),
  keptSince: Instant.nullable()
    .default(null)
    .describe('since when it works for planId, or is kept for it, without a longer break'),
  startedAt: Instant,
  renewedAt: Instant,
});
export type HostRecord = z.infer<typeof HostRecord>;
