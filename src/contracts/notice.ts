import { z } from 'zod';
import { Instant } from './base.js';

/** Clouds that tell a host from inside when they are going to take it. */
export const CLOUDS = ['aws', 'aliyun', 'tencent', 'volcengine', 'gcp', 'azure'] as const;
export type CloudName = (typeof CLOUDS)[number];

/** Where a host may stand; the last four tell nothing beforehand. */
export const PROFILES = [...CLOUDS, 'autodl', 'runpod', 'vast', 'none'] as const;
export type ProfileName = (typeof PROFILES)[number];

export const Notice = z.strictObject({
  kind: z
    .enum(['stop', 'rebalance'])
    .describe('rebalance: more likely to be taken than others, no more'),
  source: z.enum([...CLOUDS, 'signal']).describe('signal: SIGTERM to the worker, from whomever'),
  action: z.string().max(60).describe('in the words of the source'),
  stopAt: Instant.nullable().describe('on this host’s clock; null: the source tells no time'),
  seenAt: Instant,
});
export type Notice = z.infer<typeof Notice>;
