import type { FullTrainConfiguration } from '../../contracts/stage-configuration.js';
import { compute, outputOf, resultOf, type Recipe } from './recipe.js';

export function fullTrainRecipe(configuration: FullTrainConfiguration): Recipe {
  const { training, checkpoints } = configuration;
  const { keep, everySteps, everySeconds } = checkpoints;
  return {
    unit: 'steps',
    checkpointKind: 'checkpoint',
    keep: keep + 1,
    runs: [
      async (places) => ({
        command: 'train',
        ...compute(configuration),
        runDir: places.runDir,
        base: places.inputs['base'] ?? '',
        dataset: places.inputs['dataset'] ?? '',
        training,
        resumeFrom: places.resumeFrom,
        checkpoints: {
          folder: places.staging,
          keep: null,
          ...(everySteps !== undefined && { everySteps }),
          ...(everySeconds !== undefined && { everySeconds }),
        },
        output: places.output,
      }),
    ],
    metrics: (results) => ({ kind: 'full-train', train: resultOf(results, 'train').metrics }),
    outputs: (results) => outputOf(resultOf(results, 'train'), 'model', 'model'),
  };
}
