import { z } from 'zod';
import { SuiteConfig } from './sampling.js';
import { ViewConfig } from './training.js';

/** What one candidate of a pilot changes; what it leaves out is the plan's own. */
export const PilotCandidate = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9]{1,12}$/, 'at most 12 lower-case letters and digits')
      .describe('names its plan: ID.NAME'),
    learningRate: z.number().gt(0).optional(),
    view: ViewConfig.shape.view.unwrap().optional(),
  })
  .describe('values to try in place of the plan’s own');
export type PilotCandidate = z.infer<typeof PilotCandidate>;

/** Short trainings that choose between values before money goes into the whole one. */
export const PilotConfig = z.strictObject({
  candidates: z.array(PilotCandidate).min(2).max(3),
  epochs: z.number().gt(0).default(1).describe('of each candidate'),
  suite: SuiteConfig.describe('questions that score the candidates; never those of evaluation'),
  capCny: z.number().gt(0).multipleOf(0.01).describe('CNY that each candidate may take'),
});
export type PilotConfig = z.infer<typeof PilotConfig>;
