import { z } from 'zod';
import { Revealed } from './answer-events.js';
import type { ArtifactRef } from './base.js';
import type { SampleMetrics } from './metrics.js';
import type { ResolvedPlan } from './plan.js';
import type { SamplingConfig } from './sampling.js';
import type { FineTuned } from './state.js';

/** Type of the workflow that asks a plan's model on a host, as the server lists it. */
export const ASK_WORKFLOW = 'askModel';

/** Tasks of a stage have the server's default, 3; lower numbers go first, so a question goes last. */
export const ASK_PRIORITY = 5;

export const TRACE_FILE = 'trace.jsonl';

/** Questions to a model in a store, for a host of its class that has nothing else to do. */
export interface AskInput {
  readonly model: Pick<FineTuned, 'artifact' | 'folder' | 'tokenizer' | 'store'>;
  readonly hosts: NonNullable<FineTuned['hosts']>;
  readonly questions: readonly string[];
  readonly systemPrompt: string | null;
  readonly sampling: SamplingConfig;
  /** Tell every step by heartbeats, one canvas at a time. */
  readonly watch: boolean;
  /** Leave how the answers formed in the store. */
  readonly trace: boolean;
  /** How long a host may let the questions wait. */
  readonly patienceSeconds: number;
}

export interface AskResult {
  readonly host: string;
  readonly metrics: z.infer<typeof SampleMetrics>;
  /** Holds TRACE_FILE; null: none was asked for. */
  readonly trace: ArtifactRef | null;
}

/** Heartbeat details: everything again each time, for the server keeps the newest only. */
export const AskProgress = z.strictObject({
  host: z.string(),
  reveals: z.array(Revealed).describe('of all questions by now; the oldest are left out of many'),
});
export type AskProgress = z.infer<typeof AskProgress>;

/** Of a plan what a later question needs to find its hosts. */
export const askableHosts = ({
  hosts: { gpuClass, device, threads },
}: Pick<ResolvedPlan, 'hosts'>): AskInput['hosts'] => ({
  gpuClass,
  device,
  ...(threads === undefined ? {} : { threads }),
});

export interface AskActivities {
  /** On a host of the class, in the slot of its stages. */
  answerQuestions(input: AskInput): Promise<AskResult>;
}

export interface AskControl {
  /** Returns when a stage waits for a host of the class; until then it looks every second. */
  untilNeeded(input: { readonly gpuClass: string }): Promise<void>;
}
