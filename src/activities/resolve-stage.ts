import type { ResolvedStage, ResolveStageInput } from '../contracts/activities.js';
import { canonicalJson, sha256Hex } from '../store/canonical-json.js';
import { readResult } from '../store/results.js';
import type { ControlDeps } from './create-control-activities.js';

/** Workflow code has no crypto, so the key of a stage is made here. */
export const resolveStage =
  ({ store, codeDigest }: Pick<ControlDeps, 'store' | 'codeDigest'>) =>
  async (input: ResolveStageInput): Promise<ResolvedStage> => {
    const { stage, kind = stage, configuration, inputs, generation } = input;
    const name = kind.startsWith('eval-') ? 'evaluate' : kind;
    const stageKey = sha256Hex(
      canonicalJson({ stage: name, configuration, inputs, codeDigest, generation }),
    );
    const standing = await readResult(store, stageKey);
    const finished = standing ? { ...standing, stage } : null;
    return { stageKey, codeDigest, finished };
  };
