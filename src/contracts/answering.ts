import { z } from 'zod';
import { StageName } from './stages.js';

/** Right answers of one suite among those that there are by now. */
export const Tally = z.strictObject({
  suite: z.string(),
  correct: z.int().min(0),
  done: z.int().min(0),
});
export type Tally = z.infer<typeof Tally>;

/** An evaluation while it goes: what of it is done for good. Shards at work tell by their heartbeats. */
export const Answering = z.strictObject({
  stage: StageName,
  what: z.string().nullable().describe('which evaluation of the stage; null: its main one'),
  questions: z.int().min(1).describe('of all shards'),
  shards: z.int().min(1),
  finished: z.int().min(0).describe('shards'),
  tallies: z.array(Tally).describe('of the finished shards, added up by suite'),
});
export type Answering = z.infer<typeof Answering>;

/** Tallies of shards added up by suite, in the order in which suites first come. */
export function addUp(tallies: readonly Tally[]): Tally[] {
  const sums = new Map<string, Tally>();
  for (const { suite, correct, done } of tallies) {
    const sum = sums.get(suite) ?? { suite, correct: 0, done: 0 };
    sums.set(suite, { suite, correct: sum.correct + correct, done: sum.done + done });
  }
  return [...sums.values()];
}

/** `gsm8k 402/632 (63.6 %)` for each suite that has answers. */
export const tallySentence = (tallies: readonly Tally[]): string =>
  tallies
    .filter(({ done }) => done > 0)
    .map(
      ({ suite, correct, done }) =>
        `${suite} ${correct}/${done} (${((100 * correct) / done).toFixed(1)} %)`,
    )
    .join(', ');
