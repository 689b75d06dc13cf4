import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { PlanState, StageNews } from './state.js';
import type { StageName } from './stages.js';

/**
 * Updates accept no argument too: the Temporal UI sends undefined. Each answers with one line that
 * says what happened. Validators are synchronous and reject with one line.
 */
export interface By {
  readonly by?: string;
}
export interface RetryFrom extends By {
  readonly stage?: StageName;
}
export interface Tick extends By {
  readonly item?: string;
}

export const approveUpdate = defineUpdate<string, [By?]>('approve');
export const pauseUpdate = defineUpdate<string, [By?]>('pause');
export const resumeUpdate = defineUpdate<string, [By?]>('resume');
export const retryFromUpdate = defineUpdate<string, [RetryFrom?]>('retryFrom');
export const tickUpdate = defineUpdate<string, [Tick?]>('tick');

export const stateQuery = defineQuery<PlanState>('state');
export const stageNewsSignal = defineSignal<[StageNews]>('stageNews');
