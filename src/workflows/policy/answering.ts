import { addUp, type Answering, type Tally } from '../../contracts/answering.js';
import type { StageResult } from '../../contracts/outcome.js';
import type { ResolvedPlan } from '../../contracts/plan.js';
import type { StageName } from '../../contracts/stages.js';

interface Asked {
  readonly stage: StageName;
  readonly part?: string;
}
interface Part {
  readonly from: number;
  readonly to: number;
  readonly finished: StageResult | null;
}

/** How an evaluation stands by the shards of it that have finished. */
export function answeringOf({ stage, part }: Asked, shards: readonly Part[]): Answering {
  const finished = shards.flatMap((shard) => shard.finished ?? []);
  return {
    stage,
    what: part ?? null,
    questions: shards.reduce((sum, { from, to }) => sum + to - from, 0),
    shards: shards.length,
    finished: finished.length,
    tallies: addUp(finished.flatMap(talliesOf)),
  };
}

function talliesOf({ metrics }: StageResult): Tally[] {
  if (metrics.kind !== 'evaluate') return [];
  return Object.entries(metrics.evaluate.suites).map(([suite, { correct, n }]) => ({
    suite,
    correct,
    done: n,
  }));
}

/** Suite → answers that there must be when all shards have been gathered. */
export const expectedAnswers = ({
  suites,
}: Pick<ResolvedPlan['evaluation'], 'suites'>): Record<string, number> =>
  Object.fromEntries(suites.map(({ name, questions }) => [name, questions]));
