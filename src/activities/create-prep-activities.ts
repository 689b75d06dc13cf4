import type { z } from 'zod';
import type { PrepActivities, StageInput } from '../contracts/activities.js';
import {
  CompareConfiguration,
  ConvertConfiguration,
  DownloadConfiguration,
  GatherConfiguration,
  ValidateConfiguration,
} from '../contracts/stage-configuration.js';
import { atStageStore } from './at-store.js';
import { parseConfiguration } from './create-gpu-activities.js';
import type { StageDeps } from './deps.js';
import { compareWork } from './prep/compare.js';
import { convertWork } from './prep/convert.js';
import { downloadWork } from './prep/download.js';
import { gatherWork } from './prep/gather.js';
import { type PrepWork, runPrep } from './prep/prep-stage.js';
import { validateWork } from './prep/validate.js';

export function createPrepActivities(deps: StageDeps): PrepActivities {
  const stage =
    <C>(schema: z.ZodType<C>, work: (configuration: C) => PrepWork) =>
    async (input: StageInput) =>
      runPrep(await atStageStore(deps, input), input, work(parseConfiguration(schema, input)));
  return {
    download: stage(DownloadConfiguration, downloadWork),
    convert: stage(ConvertConfiguration, convertWork),
    validate: stage(ValidateConfiguration, validateWork),
    gather: stage(GatherConfiguration, gatherWork),
    compare: stage(CompareConfiguration, compareWork),
  };
}
