import type {
  ResolvedShard,
  ResolvedStage,
  ResolveStageInput,
  StageConfiguration,
} from '../contracts/activities.js';
import type { StageResult } from '../contracts/outcome.js';
import { readResult } from '../store/results.js';
import { stageKeyOf } from '../store/stage-key.js';
import type { ControlDeps } from './create-control-activities.js';

type Deps = Pick<ControlDeps, 'store' | 'codeDigest'>;

/** Workflow code has no crypto, so the keys of a stage and of its shards are made here. */
export const resolveStage =
  (deps: Deps) =>
  async (input: ResolveStageInput): Promise<ResolvedStage> => {
    const { configuration, shards } = input;
    const { codeDigest } = deps;
    const whole = await resolved(deps, input, configuration);
    if (shards === undefined) return { ...whole, codeDigest };
    // Of a stage that is done already too: its report tells what their journals hold.
    const each = shards.map((shard) => resolved(deps, input, { ...configuration, shard }));
    return { ...whole, codeDigest, shards: await Promise.all(each) };
  };

async function resolved(
  { store, codeDigest }: Deps,
  input: ResolveStageInput,
  configuration: StageConfiguration,
): Promise<ResolvedShard> {
  const { stage, kind = stage, inputs, generation } = input;
  const stageKey = stageKeyOf({ kind, configuration, inputs, codeDigest, generation });
  const standing = await readResult(store, stageKey);
  return { stageKey, finished: standing ? ofStage(standing, input) : null };
}

const ofStage = (result: StageResult, { stage }: ResolveStageInput): StageResult => ({
  ...result,
  stage,
});
