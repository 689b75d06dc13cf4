import type { PrepActivities, StageInput } from '../contracts/activities.js';
import {
  ConvertConfiguration,
  DownloadConfiguration,
  ValidateConfiguration,
} from '../contracts/stage-configuration.js';
import { parseConfiguration } from './create-gpu-activities.js';
import type { StageDeps } from './deps.js';
import { convertWork } from './prep/convert.js';
import { downloadWork } from './prep/download.js';
import { runPrep } from './prep/prep-stage.js';
import { validateWork } from './prep/validate.js';

export function createPrepActivities(deps: StageDeps): PrepActivities {
  return {
    download: (input: StageInput) =>
      runPrep(deps, input, downloadWork(parseConfiguration(DownloadConfiguration, input))),
    convert: (input: StageInput) =>
      runPrep(deps, input, convertWork(parseConfiguration(ConvertConfiguration, input))),
    validate: (input: StageInput) =>
      runPrep(deps, input, validateWork(parseConfiguration(ValidateConfiguration, input))),
  };
}
