import { z } from 'zod';
import { Instant } from './base.js';

export const CasePick = z.strictObject({
  suite: z.string(),
  id: z.string().describe('of the question'),
  comment: z.string().max(500).nullable(),
});
export type CasePick = z.infer<typeof CasePick>;

/** Entries of `notes/<planId>/<seq>.json`: what a person adds to a plan. */
export const NoteEntry = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('note'),
    text: z.string().min(1).max(2000),
    drill: z.boolean().default(false).describe('tells of an interruption that was made on purpose'),
    at: Instant,
  }),
  z.strictObject({
    type: z.literal('cases'),
    picks: z.array(CasePick).describe('the newest choice counts; none: by rule again'),
    at: Instant,
  }),
]);
export type NoteEntry = z.infer<typeof NoteEntry>;
