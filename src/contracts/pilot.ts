import { z } from 'zod';
import { PlanSuite } from './sampling.js';
import { ViewConfig } from './training.js';

/** What one candidate of a pilot changes; what it leaves out is the plan's own. */
export const PilotCandidate = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9]{1,12}$/, 'at most 12 lower-case letters and digits')
      .describe('names it in tables and folders'),
    learningRate: z.number().gt(0).optional(),
    view: ViewConfig.shape.view.unwrap().optional(),
  })
  .describe('values to try in place of the plan’s own');
export type PilotCandidate = z.infer<typeof PilotCandidate>;

/** Short trainings that choose between values before money goes into the whole one. */
export const PilotConfig = z.strictObject({
  candidates: z.array(PilotCandidate).min(2).max(3),
  epochs: z.number().gt(0).default(1).describe('of each candidate'),
  suite: PlanSuite.describe('questions that score the candidates; never those of evaluation'),
});
export type PilotConfig = z.infer<typeof PilotConfig>;

/** What became of one candidate: a score, or why it has none. */
export const PilotTrial = z.strictObject({
  name: PilotCandidate.shape.name,
  learningRate: z.number(),
  view: z.string(),
  score: z
    .strictObject({
      correct: z.int().min(0),
      n: z.int().min(0),
      share: z.number().min(0).max(1),
      interval: z.tuple([z.number(), z.number()]).describe('Wilson, 95 %'),
    })
    .nullable(),
  message: z.string().nullable().describe('why it has no score'),
});
export type PilotTrial = z.infer<typeof PilotTrial>;

/** The table of a pilot as far as it has come, and what full-train takes from it. */
export const Pilot = z.strictObject({
  suite: z.string(),
  trials: z.array(PilotTrial).describe('in the order of the plan'),
  ended: z.boolean(),
  chosen: z.string().nullable().describe('name; null: the plan’s own values stand'),
  clear: z.boolean().describe('whether the lead over the next is beyond chance (5 %)'),
});
export type Pilot = z.infer<typeof Pilot>;

/** What a pilot that has ended means for full-train, in one line. */
export function decisionSentence({ chosen, clear }: Pilot, zh: boolean): string {
  if (chosen === null) {
    return zh
      ? '试点没有得出结论：正式训练用计划自己的取值'
      : 'the pilot has decided nothing: full-train takes the plan’s own values';
  }
  const lead = clear
    ? zh
      ? '领先超出偶然（5 %）'
      : 'its lead is beyond chance (5 %)'
    : zh
      ? '领先在偶然范围内'
      : 'its lead is within chance';
  return zh
    ? `正式训练采用 ${chosen} 的取值；${lead}`
    : `full-train takes the values of ${chosen}; ${lead}`;
}
