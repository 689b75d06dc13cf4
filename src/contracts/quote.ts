import { z } from 'zod';
import { Fen } from './base.js';

/** What the rest of the plan takes and costs, measured by smoke-train. */
export const Quote = z.strictObject({
  trainSeconds: z.number(),
  evalSecondsEach: z.number(),
  pilotSeconds: z.number().optional().describe('all candidates; left out: no pilot'),
  checksSeconds: z.number().optional().describe('again, anchor and canvases; left out: none'),
  totalSeconds: z.number(),
  fen: Fen,
  spentFen: Fen,
  capFen: Fen,
  basis: z.string().describe('in words: what was measured'),
  basisZh: z.string().optional().describe('the same in Chinese; left out by older versions'),
  detectable: z
    .array(z.strictObject({ suite: z.string(), questions: z.int(), difference: z.number() }))
    .optional()
    .describe('smallest difference (a share) that the questions of each suite can show'),
});
export type Quote = z.infer<typeof Quote>;
