import { join } from 'node:path';
import type { ConvertConfiguration } from '../../contracts/stage-configuration.js';
import { publishOutput, resultOf } from '../trainer/outputs.js';
import { bringInput } from '../trainer/materials.js';
import type { PrepWork } from './prep-stage.js';

export function convertWork(configuration: ConvertConfiguration): PrepWork {
  return {
    unit: 'rows',
    spec: async ({ deps, input, folders, folder }) => ({
      command: 'convert',
      runDir: folders.runDir,
      dataset: await bringInput(deps, input, folders, 'dataset'),
      tokenizer: await bringInput(deps, input, folders, 'tokenizer'),
      ...configuration,
      output: join(folder, 'converted'),
    }),
    async result(tools, run) {
      const result = resultOf(run, 'convert');
      const dataset = await publishOutput(tools, result, 'dataset');
      return { artifacts: { dataset }, metrics: { kind: 'convert', convert: result.metrics } };
    },
  };
}
