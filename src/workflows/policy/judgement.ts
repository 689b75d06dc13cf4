import { judgementOf } from '../../contracts/failures.js';
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
  const training = isOfTraining(failure);
  return stage === 'full-train' && training && hasCheckpoint ? 'evaluate-checkpoint' : 'fail';
}

/** Whether it says that these values cannot be trained with, and not that something is broken. */
export const isOfTraining = ({ type }: Failure): boolean => judgementOf(type)?.leavesModel ?? false;

/** One line for people: what kind of failure, of which stage, and what was said. */
export function failureSentence(stage: StageName, failure: Failure, zh: boolean): string {
  const known = judgementOf(failure.type);
  const kind = known === undefined ? failure.type : zh ? known.zh : known.en;
  const said = failure.message === '' || failure.message === kind ? '' : `: ${failure.message}`;
  return `${stage}: ${kind}${said}`;
}

/** What a person does about it; the download stage is found in the store unless it is done again. */
export function advice(planId: string, { type }: Failure, zh: boolean): string {
  const told = judgementOf(type)?.advice;
  return told ? told[zh ? 'zh' : 'en'].replaceAll('{plan}', planId) : '';
}
