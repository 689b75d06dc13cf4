import { join } from 'node:path';
import type { EvalConfiguration } from '../../contracts/stage-configuration.js';
import { suitesWithFiles } from '../suites.js';
import { compute, outputOf, resultOf, type Recipe } from './recipe.js';

export function evaluateRecipe(configuration: EvalConfiguration): Recipe {
  const { suites, sampling, batchSize, systemPrompt, modelFolder } = configuration;
  return {
    unit: 'batches',
    checkpointKind: 'answers',
    keep: 1,
    runs: [
      async (places) => ({
        command: 'evaluate',
        ...compute(configuration),
        runDir: places.runDir,
        model: join(places.inputs['model'] ?? '', modelFolder),
        suites: suitesWithFiles(suites, places.inputs['suites']),
        systemPrompt,
        sampling,
        batchSize,
        resumeFrom: places.resumeFrom,
        checkpoints: { folder: places.staging },
        output: places.output,
      }),
    ],
    metrics: (results) => ({
      kind: 'evaluate',
      evaluate: resultOf(results, 'evaluate').metrics,
    }),
    outputs: (results) => outputOf(resultOf(results, 'evaluate'), 'answers', 'answers'),
  };
}
