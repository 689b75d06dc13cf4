import { existsSync } from 'node:fs';
import { createPrepActivities } from '../../../src/activities/create-prep-activities.js';
import { loadConfig } from '../../../src/config/config.js';
import type { PrepActivities, StageInput } from '../../../src/contracts/activities.js';
import type { StageResult } from '../../../src/contracts/outcome.js';
import type { StageName } from '../../../src/contracts/stages.js';
import { ViewConfig } from '../../../src/contracts/training.js';
import { CODE, openLab, quietEnvironment, type Lab } from './lab.js';

const { python, trainerFolder } = loadConfig();
export const hasTrainer = existsSync(python);

export const openRealLab = (): Promise<Lab> => openLab({ python, trainerFolder });

export function inputOf(
  stage: StageName,
  key: string,
  configuration: Record<string, unknown>,
  inputs: StageInput['inputs'] = {},
): StageInput {
  const stageKey = key.repeat(64).slice(0, 64);
  return { planId: 'p', stage, stageKey, codeDigest: CODE, configuration, inputs };
}

export async function prep(lab: Lab, input: StageInput): Promise<StageResult> {
  const activities = createPrepActivities(lab.deps);
  const env = quietEnvironment();
  const activity = activities[input.stage as keyof PrepActivities];
  const outcome = await env.run(activity, input);
  if (outcome.kind !== 'finished') throw new Error(`${input.stage} was ${outcome.kind}`);
  return outcome.result;
}

const view = ViewConfig.parse({ view: 'attempt', overLong: 'drop', maxLength: 48 });

/** The demo's base and some of its generated rows, through download and convert. */
export async function downloadAndConvert(lab: Lab) {
  const sources = {
    base: { kind: 'file', path: `${trainerFolder}/assets/tiny-base` },
    dataset: { kind: 'generated', generator: 'arithmetic', rows: 200, seed: 0 },
  };
  const downloaded = await prep(lab, inputOf('download', '1', { sources, suites: [] }));
  const { base, dataset, tokenizer } = downloaded.artifacts;
  if (!base || !dataset || !tokenizer) throw new Error('download left something out');
  const converted = await prep(lab, inputOf('convert', '2', view, { dataset, tokenizer }));
  const documents = converted.artifacts['dataset'];
  if (!documents) throw new Error('convert left its dataset out');
  return { downloaded, converted, base, tokenizer, documents };
}
