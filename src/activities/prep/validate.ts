import { join } from 'node:path';
import type { ValidateConfiguration } from '../../contracts/stage-configuration.js';
import { publishArtifact } from '../../store/artifacts.js';
import { resultOf } from '../gpu/artifacts.js';
import { withFiles } from '../gpu/evaluate.js';
import { bringInput } from '../gpu/materials.js';
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
        suites: await withFiles(tools, suites),
        output: join(folder, 'validation'),
      };
    },
    async result({ deps, folder }, run) {
      const result = resultOf(run, 'validate');
      const validation = await publishArtifact(deps.store, {
        folder: result.folder ?? join(folder, 'validation'),
        files: result.files,
        kind: 'files',
      });
      return { artifacts: { validation }, metrics: { kind: 'validate', validate: result.metrics } };
    },
  };
}
