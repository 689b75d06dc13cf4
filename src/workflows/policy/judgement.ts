import { FAILURES, type FailureType } from '../../contracts/failures.js';
import type { StageName } from '../../contracts/stages.js';

/** A failure as it crossed Temporal: its type and its message. */
export interface Failure {
  readonly type: string;
  readonly message: string;
}

/**
 * What a stage's failure means for the plan. Training that diverged or made no progress still has a
 * last finite checkpoint, which is evaluated and reported; everything else ends the plan.
 */
export function judge(
  stage: StageName,
  failure: Failure,
  hasCheckpoint: boolean,
): 'evaluate-checkpoint' | 'fail' {
  const training = failure.type === 'Diverged' || failure.type === 'NoProgress';
  return stage === 'full-train' && training && hasCheckpoint ? 'evaluate-checkpoint' : 'fail';
}

export function isFailureType(type: string): type is FailureType {
  return Object.hasOwn(FAILURES, type);
}

/** One line for people: what kind of failure, of which stage, and what was said. */
export function failureSentence(stage: StageName, failure: Failure, zh: boolean): string {
  const known = isFailureType(failure.type) ? FAILURES[failure.type] : undefined;
  const kind = known === undefined ? failure.type : zh ? known.zh : known.en;
  const said = failure.message === '' || failure.message === kind ? '' : `: ${failure.message}`;
  return `${stage}: ${kind}${said}`;
}
