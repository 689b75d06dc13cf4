import { join } from 'node:path';
import type { ValidateConfiguration } from '../../contracts/stage-configuration.js';
import { publishOutput, resultOf } from '../trainer/outputs.js';
import { bringInput, bringSuites } from '../trainer/materials.js';
import type { PrepWork } from './prep-stage.js';

export function validateWork({ suites }: ValidateConfiguration): PrepWork {
  return {
    unit: 'rows',
    spec: async (tools) => {
      const { deps, input, folders, folder } = tools;
      return {
        command: 'validate',
        runDir: folders.runDir,
        dataset: await bringInput(deps, input, folders, 'dataset'),
        tokenizer: await bringInput(deps, input, folders, 'tokenizer'),
        suites: await bringSuites(tools, suites),
        output: join(folder, 'validation'),
      };
    },
    async result(tools, run) {
      const result = resultOf(run, 'validate');
      const validation = await publishOutput(tools, result, 'files');
      return { artifacts: { validation }, metrics: { kind: 'validate', validate: result.metrics } };
    },
  };
}
