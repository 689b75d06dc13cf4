import { FAILURES, isFailureType } from '../../contracts/failures.js';
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
export const isOfTraining = ({ type }: Failure): boolean =>
  type === 'Diverged' || type === 'NoProgress';

/** One line for people: what kind of failure, of which stage, and what was said. */
export function failureSentence(stage: StageName, failure: Failure, zh: boolean): string {
  const known = isFailureType(failure.type) ? FAILURES[failure.type] : undefined;
  const kind = known === undefined ? failure.type : zh ? known.zh : known.en;
  const said = failure.message === '' || failure.message === kind ? '' : `: ${failure.message}`;
  return `${stage}: ${kind}${said}`;
}

/** What a person does about it; the download stage is found in the store unless it is done again. */
export function advice(planId: string, failure: Failure, zh: boolean): string {
  switch (failure.type) {
    case 'BadData':
      return zh
        ? `修正后运行：dream-sft retry ${planId} --from download`
        : `mend it, then: dream-sft retry ${planId} --from download`;
    case 'NoProgress':
      return zh
        ? `原因见 dream-sft logs ${planId}；处理后重新启动该计划，它会从最新的检查点继续（retry 则重新训练）`
        : `dream-sft logs ${planId} shows why; mend it and start the plan again: it goes on from its newest checkpoint (retry would begin anew)`;
    case 'MissingTool':
    case 'OutOfResources':
      return zh
        ? '处理后重新启动该计划，它会从中断处继续'
        : 'then start the plan again; it goes on where it stopped';
    default:
      return '';
  }
}
