import type { z } from 'zod';
import type { Plan } from '../contracts/plan.js';
import { probeQuestions } from '../contracts/probe.js';
import { type Asking, askingsAfter, askingsBefore, MAIN } from '../workflows/policy/askings.js';
import { shardsOf } from '../workflows/policy/shards.js';
import type { CardId } from './cards.js';
import { decodingSeconds } from './decoding.js';

type ParsedPlan = z.output<typeof Plan>;

/** What answering takes in a whole plan, without starts of the trainer. */
export interface Evaluations {
  /** Before and after, a pilot's candidates, the probe of smoke-train and the report's cases. */
  readonly seconds: number;
  /** Again, anchor and canvases. */
  readonly checksSeconds: number;
  /** Times that a trainer starts to answer: once a shard, and for the cases of each side. */
  readonly starts: number;
}

/** Of each side; the report shows as many. */
const CASES = 3;

export function evaluationsOf(plan: ParsedPlan, card: CardId): Evaluations {
  const askings = [...askingsBefore(plan), ...askingsAfter(plan)];
  const main = [...askings.filter(({ name }) => name === MAIN), ...candidatesOf(plan)];
  const checks = askings.filter(({ name }) => name !== MAIN);
  const seconds = (asked: readonly Asking[]): number =>
    asked.reduce((sum, asking) => sum + secondsOf(asking, card), 0);
  const beside = [probeQuestions(plan), CASES, CASES];
  return {
    seconds: beside.reduce(
      (sum, questions) => sum + decodingSeconds(questions, plan.evaluation, card),
      seconds(main),
    ),
    checksSeconds: seconds(checks),
    starts:
      2 + [...main, ...checks].reduce((sum, asking) => sum + shardsOf(asking.evaluation).length, 0),
  };
}

function candidatesOf({ pilot, evaluation }: ParsedPlan): Asking[] {
  if (pilot === undefined) return [];
  const asked = { ...evaluation, suites: [pilot.suite] };
  return pilot.candidates.map(({ name }) => ({ name, evaluation: asked }));
}

const secondsOf = ({ evaluation }: Asking, card: CardId): number =>
  shardsOf(evaluation).reduce(
    (sum, { from, to }) => sum + decodingSeconds(to - from, evaluation, card),
    0,
  );
