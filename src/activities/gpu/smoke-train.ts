import type { SmokeTrainConfiguration } from '../../contracts/stage-configuration.js';
import { firstQuestions } from './questions.js';
import { compute, resultOf, type Recipe } from './recipe.js';

/** A few real steps, then a few answers of the base: what the quote is measured on. */
export function smokeTrainRecipe(configuration: SmokeTrainConfiguration): Recipe {
  const { training, stopAfterSteps, questions, sampling, systemPrompt } = configuration;
  return {
    unit: 'steps',
    checkpointKind: 'checkpoint',
    keep: 1,
    runs: [
      async (places) => ({
        command: 'train',
        ...compute(configuration),
        runDir: places.runDir,
        base: places.inputs['base'] ?? '',
        dataset: places.inputs['dataset'] ?? '',
        training,
        stopAfterSteps,
        resumeFrom: places.resumeFrom,
        // One checkpoint, at the end: it shows that there is room for one.
        checkpoints: { folder: places.staging, keep: null, everySteps: stopAfterSteps },
        output: places.output,
      }),
      async (places) => ({
        command: 'sample',
        ...compute(configuration),
        runDir: places.runDir,
        model: places.inputs['base'] ?? '',
        questions: await firstQuestions(places.inputs['dataset'] ?? '', questions),
        systemPrompt,
        sampling,
      }),
    ],
    metrics: (results, secondsToReady) => ({
      kind: 'smoke-train',
      train: resultOf(results, 'train').metrics,
      sample: resultOf(results, 'sample').metrics,
      secondsToReady,
    }),
    outputs: () => [],
  };
}
