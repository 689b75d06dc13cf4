import type { z } from 'zod';
import type { GpuActivities, StageInput } from '../contracts/activities.js';
import { mistakesIn } from '../contracts/mistakes.js';
import {
  EvalConfiguration,
  FullTrainConfiguration,
  SmokeTrainConfiguration,
  TraceConfiguration,
} from '../contracts/stage-configuration.js';
import { atStageStore } from './at-store.js';
import type { StageDeps } from './deps.js';
import type { StageWork } from './gpu/attempt.js';
import { evaluateWork } from './gpu/evaluate.js';
import { fullTrainWork } from './gpu/full-train.js';
import { Keeper } from './gpu/keeper.js';
import { smokeTrainWork } from './gpu/smoke-train.js';
import { traceCasesWork } from './gpu/trace-cases.js';
import { stageFailure } from './stage-failure.js';

export function createGpuActivities(deps: StageDeps): GpuActivities {
  const keeper = deps.keeper ?? new Keeper();
  const stage =
    <C>(schema: z.ZodType<C>, work: (configuration: C) => StageWork) =>
    async (input: StageInput) =>
      keeper.attempt(
        await atStageStore(deps, input),
        input,
        work(parseConfiguration(schema, input)),
      );
  return {
    smokeTrain: stage(SmokeTrainConfiguration, smokeTrainWork),
    fullTrain: stage(FullTrainConfiguration, fullTrainWork),
    evaluate: stage(EvalConfiguration, evaluateWork),
    traceCases: stage(TraceConfiguration, traceCasesWork),
  };
}

export function parseConfiguration<C>(schema: z.ZodType<C>, input: StageInput): C {
  const parsed = schema.safeParse(input.configuration);
  if (parsed.success) return parsed.data;
  throw stageFailure(
    'BadSpec',
    `The configuration of ${input.stage} is wrong: ${mistakesIn(parsed.error)}`,
  );
}
