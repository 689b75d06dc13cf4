import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { isGpuStage } from '../contracts/stages.js';
import { closeStage } from './close.js';
import type { PlanRun } from './plan-run.js';
import { advice, failureSentence } from './policy/judgement.js';
import { summarise } from './policy/summary.js';
import { control } from './proxies.js';

/** Hosts back if any is still out, summary written; also after a cancel or a failure. */
export async function end(
  run: PlanRun,
  status: 'finished' | 'cancelled' | 'failed',
  failure: string | null,
): Promise<void> {
  const open = run.state.stages.find(({ status: at }) => OPEN.has(at));
  if (open && status === 'cancelled') run.apply({ type: 'stageCancelled', stage: open.name });
  if (open && status === 'failed') {
    // The advice below it is the plan's, and stands beside its status.
    const [sentence = ''] = (failure ?? '').split('\n');
    run.apply({ type: 'stageFailed', stage: open.name, message: sentence });
  }
  await giveHostsBack(run);
  run.apply({ type: 'ended', status, failure });
  const document = summarise(run.state, run.results, run.trainedSoFar, run.now());
  await control.writeSummary.executeWithOptions({ summary: 'writes summary.json' }, [
    { summary: document },
  ]);
}

const OPEN: ReadonlySet<string> = new Set(['running', 'pausing', 'paused']);

/** Closing any stage that was on one releases all hosts that this plan has started. */
export async function giveHostsBack(run: PlanRun): Promise<void> {
  if (!run.hostsOut) return;
  const keys = [...run.stageKeys];
  // Where only the report's cases needed a host, it is the report's.
  const last = keys.findLast(([stage]) => isGpuStage(stage)) ?? keys.at(-1);
  if (last) await closeStage(run, last[0], last[1], true);
}

/** The typed failure inside an activity's; control activities are not unwrapped elsewhere. */
export function typedFailure(error: unknown): ApplicationFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return cause;
  const told = cause instanceof Error ? cause : new Error(String(cause));
  return ApplicationFailure.nonRetryable(told.message, told.name);
}

/** One line of what happened, and a second of what to do where there is something. */
export function sentenceOf(run: PlanRun, failure: ApplicationFailure): string {
  const told = { type: failure.type ?? 'Error', message: failure.message };
  const zh = run.plan.language === 'zh';
  const sentence = failureSentence(run.stage, told, zh);
  const wayOut = advice(run.plan.id, told, zh);
  return wayOut ? `${sentence}\n${wayOut}` : sentence;
}

/** What the UI and `describe` show of the run: the same sentence, the same type, no stack. */
export function planFailure(failure: ApplicationFailure, sentence: string): ApplicationFailure {
  const told = ApplicationFailure.nonRetryable(sentence, failure.type ?? 'Error');
  told.stack = '';
  return told;
}
