import { join } from 'node:path';
import type { GatherConfiguration } from '../../contracts/stage-configuration.js';
import { bringInput } from '../trainer/materials.js';
import { publishOutput, resultOf } from '../trainer/outputs.js';
import type { PrepWork } from './prep-stage.js';

/** Of the first shard: what it tells of its host stands for all. */
export const RUN_INPUT = 'run';

/** The answers of all shards, in order, and the scores over all of them. Needs no GPU. */
export function gatherWork({ questions }: GatherConfiguration): PrepWork {
  return {
    unit: 'files',
    spec: async ({ deps, input, folders, folder }) => {
      const shards = Object.keys(input.inputs).filter((name) => name !== RUN_INPUT);
      return {
        command: 'gather',
        runDir: folders.runDir,
        answers: await Promise.all(shards.map((name) => bringInput(deps, input, folders, name))),
        questions,
        output: join(folder, 'answers'),
      };
    },
    async result(tools, run) {
      const result = resultOf(run, 'gather');
      const answers = await publishOutput(tools, result, 'answers');
      const { [RUN_INPUT]: told } = tools.input.inputs;
      return {
        artifacts: { answers, ...(told ? { run: told } : {}) },
        metrics: { kind: 'evaluate', evaluate: result.metrics },
      };
    },
  };
}
