import { z } from 'zod';

/** A line of the trace that `python -m dream_sft sample` saves: how one answer formed. */
export const SampleTrace = z.looseObject({
  question: z.string(),
  answer: z.string(),
  tokens: z.int().min(0).describe('of the answer, up to its end'),
  canvas: z.int().min(1),
  steps: z.int().min(0),
  reveals: z.array(
    z.looseObject({
      step: z.int().min(0),
      position: z.int().min(0),
      text: z.string().nullable().describe('null: taken back, the position is masked again'),
      confidence: z.number().describe("in the order's own measure"),
    }),
  ),
});
export type SampleTrace = z.infer<typeof SampleTrace>;
