import { z } from 'zod';
import { Tally } from './answering.js';
import { Instant, Sha256 } from './base.js';
import { ChosenInterval } from './interval.js';

/** Heartbeat details of a stage: the whole object each time, under 2 KB (temporal.md 0.3). */
export const StageProgress = z.strictObject({
  phase: z.enum([
    'preparing',
    'restoring',
    'starting',
    'running',
    'publishing',
    'finishing',
    'parked',
  ]),
  attempt: z.int(),
  token: z.int().nullable(),
  host: z.string(),
  trainerPid: z.int().nullable(),
  done: z.int().describe('steps, batches or bytes'),
  total: z.int().nullable(),
  unit: z.enum(['steps', 'batches', 'bytes', 'rows', 'files', 'questions']),
  loss: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  etaSeconds: z.number().nullable(),
  tallies: z.array(Tally).describe('answers of this shard by suite; none where nothing is asked'),
  waitsFor: z
    .strictObject({ host: z.string(), step: z.int() })
    .nullable()
    .default(null)
    .describe('while parked: the host that still trains without the server'),
  publishedStep: z.int().nullable(),
  publishedDigest: Sha256.nullable(),
  interval: ChosenInterval.nullable().default(null).describe('of a training that tunes it'),
  cpuPercent: z.number().nullable(),
  gpu: z.string().nullable().describe('utilisation and memory in words'),
  log: z.array(z.string().max(240)).max(4).describe('last lines of the trainer log'),
  resumedInexactly: z.boolean(),
  at: Instant,
});
export type StageProgress = z.infer<typeof StageProgress>;

/** Details as they come from the server, maybe of another version of the worker; null: not ours. */
export function decodeProgress(data: Uint8Array | null | undefined): StageProgress | null {
  if (!data) return null;
  try {
    return StageProgress.parse(JSON.parse(new TextDecoder().decode(data)));
  } catch {
    return null;
  }
}
