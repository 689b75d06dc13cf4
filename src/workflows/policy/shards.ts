import type { ResolvedPlan } from '../../contracts/plan.js';
import type { Shard } from '../../contracts/shards.js';

type Evaluation = Pick<ResolvedPlan['evaluation'], 'suites' | 'batchSize' | 'shards'>;

/** A shard costs a start of the trainer: a minute for 7 B, in which 500 questions are half done. */
const QUESTIONS_WORTH_A_START = 500;

/** The parts in which an evaluation is answered. */
export function shardsOf(evaluation: Evaluation): Shard[] {
  const questions = questionsOf(evaluation);
  const shards = evaluation.shards ?? Math.ceil(questions / QUESTIONS_WORTH_A_START);
  return split(questions, evaluation.batchSize, shards);
}

export const questionsOf = ({ suites }: Pick<Evaluation, 'suites'>): number =>
  suites.reduce((sum, { questions }) => sum + questions, 0);

/**
 * Questions [0, total) in so many parts that follow one another, of whole batches (but for the last)
 * and as equal as those allow; fewer parts where there are fewer batches.
 */
export function split(total: number, batchSize: number, shards: number): Shard[] {
  const batches = Math.ceil(total / batchSize);
  const parts = Math.min(shards, batches);
  const bound = (part: number): number =>
    Math.min(total, Math.floor((part * batches) / parts) * batchSize);
  return Array.from({ length: parts }, (_, part) => ({ from: bound(part), to: bound(part + 1) }));
}
