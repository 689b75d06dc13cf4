import { z } from 'zod';

/** Questions of an evaluation that are answered and graded. */
export const Answers = z.strictObject({
  type: z.literal('answers'),
  suite: z.string(),
  batchesDone: z.int(),
  batchesTotal: z.int(),
  done: z.int(),
  total: z.int(),
  correct: z.int(),
});

/** `sample` with `watch`: what one question's canvas gained (or lost again) at one step. */
export const Revealed = z.strictObject({
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
