import type { StageName } from './stages.js';
import type { PlanState } from './state.js';

/** What a run of a plan is told beside the plan. */
export interface PlanOptions {
  /** Of a plan that has ended: this stage and all after it are done again. */
  readonly retryFrom?: StageName;
  /** What a person had ticked in the run before. */
  readonly ticked?: PlanState['ticked'];
}
