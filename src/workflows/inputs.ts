import { ApplicationFailure } from '@temporalio/workflow';
import type { ArtifactRef } from '../contracts/base.js';
import type { StageName } from '../contracts/stages.js';
import type { PlanRun } from './plan-run.js';

/** What an earlier stage has left; a winner’s own documents in place of the plan’s. */
export const artifact = (run: PlanRun, stage: StageName, name: string): ArtifactRef => {
  const found = run.known[stage]?.artifacts[name];
  if (found) return found;
  throw ApplicationFailure.nonRetryable(`${stage} left no artifact ${name}`, 'BadData');
};

export const suites = (run: PlanRun): Record<string, ArtifactRef> => {
  const found = run.results.download?.artifacts['suites'];
  return found ? { suites: found } : {};
};

export const common = (run: PlanRun): Record<string, ArtifactRef> => ({
  tokenizer: artifact(run, 'download', 'tokenizer'),
  ...suites(run),
});

export const trainingInputs = (run: PlanRun): Record<string, ArtifactRef> => ({
  base: artifact(run, 'download', 'base'),
  dataset: artifact(run, 'convert', 'dataset'),
  tokenizer: artifact(run, 'download', 'tokenizer'),
});
