import { z } from 'zod';

/** Names as the summary and the stage keys use them; the two evaluations are one activity. */
export const StageName = z.enum([
  'download',
  'convert',
  'validate',
  'smoke-train',
  'eval-before',
  'pilot',
  'full-train',
  'eval-after',
  'report',
]);
export type StageName = z.infer<typeof StageName>;
export const STAGES: readonly StageName[] = StageName.options;

/** Works that are no stage of their own: the last of eval-after, and the first of the report. */
export type WorkKind = StageName | 'compare' | 'trace';

/** A pilot is a stage of plans that ask for one only. */
export const stagesOf = (plan: { readonly pilot?: unknown }): readonly StageName[] =>
  STAGES.filter((stage) => stage !== 'pilot' || plan.pilot !== undefined);

/** Stages that need a GPU host and so a supervisor beside them. */
export const GPU_STAGES = [
  'smoke-train',
  'eval-before',
  'pilot',
  'full-train',
  'eval-after',
] as const;
export type GpuStageName = (typeof GPU_STAGES)[number];

export function isGpuStage(stage: WorkKind): stage is GpuStageName {
  return (GPU_STAGES as readonly WorkKind[]).includes(stage);
}

export const CONTROL_QUEUE = 'control';
export const PREP_QUEUE = 'prep';
export const gpuQueue = (gpuClass: string): string => `gpu-${gpuClass}`;
export const probeQueue = (hostId: string): string => `probe-${hostId}`;

/** Type of the workflow, as the server lists it. */
export const PLAN_WORKFLOW = 'fiveDayPlan';
