import { fileURLToPath } from 'node:url';
import { loadPlan } from '../../src/cli/plan-file.js';
import type { ResolvedPlan } from '../../src/contracts/plan.js';

export const TINY_PLAN = fileURLToPath(new URL('../../plans/tiny.yaml', import.meta.url));

/** The demo's plan, smaller: seconds a stage, a checkpoint every few steps. */
export const SMALL: readonly string[] = [
  'training.steps=60',
  'training.documentsPerStep=32',
  'training.documentsPerMicroBatch=32',
  'data.source.rows=400',
  'checkpoints.everySteps=5',
  'smoke.steps=2',
  'hosts.threads=1',
  'evaluation.suites.0.questions=48',
  'evaluation.batchSize=8',
];

export function smallPlan(id: string, settings: readonly string[] = []): Promise<ResolvedPlan> {
  return loadPlan(TINY_PLAN, { id, settings: [...SMALL, ...settings] });
}
