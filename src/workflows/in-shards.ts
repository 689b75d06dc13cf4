import type { ResolvedShard, StageInput } from '../contracts/activities.js';
import type { ArtifactRef } from '../contracts/base.js';
import type { StageOutcome, StageResult } from '../contracts/outcome.js';
import type { Shard } from '../contracts/shards.js';
import type { Work } from './carry-out.js';
import type { PlanRun } from './plan-run.js';
import { answeringOf, expectedAnswers } from './policy/answering.js';
import { gpuActivities, prep } from './proxies.js';
import { supervised } from './supervised.js';

/** A shard of an evaluation, by the key of its chain and result; `finished` once it has one. */
export interface ShardOfWork extends Shard {
  readonly stageKey: string;
  finished: StageResult | null;
}

export const shardsOfWork = (
  shards: readonly Shard[],
  resolved: readonly ResolvedShard[],
): ShardOfWork[] =>
  shards.map((shard, at) => ({ ...shard, stageKey: '', finished: null, ...resolved[at] }));

/**
 * Answers the questions shard by shard, on as many hosts as take one up, then gathers the answers.
 * What has finished, of this run or an earlier one, is not asked again, whatever stops the others.
 */
export async function inShards(
  run: PlanRun,
  work: Work,
  input: StageInput,
  shards: ShardOfWork[],
): Promise<StageOutcome> {
  tell(run, work, shards);
  const open = shards.filter(({ finished }) => finished === null);
  if (open.length > 0) {
    const outcomes = await supervised(
      run,
      work.stage,
      input.stageKey,
      open.map((shard) => ({
        stageKey: shard.stageKey,
        start: async (id) => {
          const outcome = await answer(run, input, shards, shard, id);
          if (outcome.kind === 'finished') shard.finished = outcome.result;
          tell(run, work, shards);
          return outcome;
        },
      })),
    );
    const stopped = outcomes.find(({ kind }) => kind === 'stopped');
    if (stopped) return stopped;
  }
  return gather(input, work, shards);
}

const tell = (run: PlanRun, work: Work, shards: readonly ShardOfWork[]): void =>
  run.apply({ type: 'answering', answering: answeringOf(work, shards) });

function answer(
  run: PlanRun,
  input: StageInput,
  shards: readonly ShardOfWork[],
  { from, to, stageKey }: ShardOfWork,
  id: { readonly activityId: string },
): Promise<StageOutcome> {
  const number = shards.findIndex((shard) => shard.from === from) + 1;
  const summary = `answers questions ${from + 1} to ${to}: shard ${number} of ${shards.length}`;
  const part = partOf(input, `shard-${number}`);
  const configuration = { ...input.configuration, shard: { from, to } };
  const asked = { ...input, part, stageKey, configuration };
  return gpuActivities(run.plan).evaluate.executeWithOptions({ ...id, summary }, [asked]);
}

function gather(
  input: StageInput,
  work: Work,
  shards: readonly ShardOfWork[],
): Promise<StageOutcome> {
  const answers = shards.map(({ finished }, at): [string, ArtifactRef] => [
    `shard-${at + 1}`,
    finished!.artifacts['answers']!,
  ]);
  const told = shards[0]?.finished?.artifacts['run'];
  const inputs = { ...Object.fromEntries(answers), ...(told ? { run: told } : {}) };
  const configuration = { questions: expectedAnswers(work.evaluation!) };
  const summary = `gathers the answers of ${work.part ?? work.stage}`;
  const asked = { ...input, part: partOf(input, 'gather'), configuration, inputs };
  return prep.gather.executeWithOptions({ summary }, [asked]);
}

const partOf = ({ part }: StageInput, name: string): string =>
  part === undefined ? name : `${part}-${name}`;
