import { z } from 'zod';
import { ArtifactRef, Sha256 } from './base.js';
import { StageResult } from './outcome.js';

/** `before.json` of an exported folder: scores of a base, and all that they depend on. */
export const BeforeScores = z.strictObject({
  version: z.literal(1),
  codeDigest: Sha256.describe('of the trainer that has answered'),
  scores: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[a-z0-9-]+$/)
          .describe('answers, again, anchor-…: names the folder of its artifacts'),
        configuration: z.record(z.string(), z.unknown()),
        inputs: z.record(z.string(), ArtifactRef).describe('base, tokenizer and questions'),
        result: StageResult,
      }),
    )
    .min(1),
});
export type BeforeScores = z.infer<typeof BeforeScores>;
export type BeforeScore = BeforeScores['scores'][number];
