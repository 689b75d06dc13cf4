import pc from 'picocolors';
import type { StageProgress } from '../contracts/progress.js';
import type { PlanState } from '../contracts/state.js';
import type { Running } from './plan-handle.js';
import { bar, duration, money, statusText, table } from './output.js';

/** The whole plan on one screen. */
export function renderState(state: PlanState, { progress, lastFailure }: Running): string {
  const stages = table(
    ['STAGE', 'STATUS', 'ATTEMPTS', 'TIME', ''],
    state.stages.map((stage) => [
      stage.name,
      statusText(stage.status),
      stage.attempts ? String(stage.attempts) : '',
      stage.seconds ? duration(stage.seconds) : '',
      stage.cached ? 'already done before, not paid again' : remark(stage.message, state.failure),
    ]),
  );
  const spent = `${money(state.spentFen)} of ${money(state.capFen)}`;
  const lines = [
    `${pc.bold(state.title)}  (${state.planId})`,
    `${statusText(state.status)}   spent ${spent}   interruptions ${state.interruptions.length}`,
    '',
    stages,
  ];
  if (progress) lines.push('', renderProgress(progress));
  if (lastFailure) lines.push(pc.yellow(`Tried again after: ${lastFailure}`));
  const waiting = state.current?.waitingFor;
  if (waiting) lines.push('', pc.yellow(`Waiting: ${waiting}`));
  if (state.status === 'awaiting-approval' && state.quote) {
    const { totalSeconds, fen, basis } = state.quote;
    lines.push('', `Quote: ${duration(totalSeconds)} and ${money(fen)} (${basis}).`);
    lines.push(pc.yellow(`Approve with: dream-sft approve ${state.planId}`));
  }
  if (state.failure) lines.push('', pc.red(`Failed: ${state.failure}`));
  return lines.join('\n');
}

/** What ended the plan is told once, below the table. */
const remark = (message: string | null, failure: string | null): string =>
  message === null || failure?.startsWith(message) ? '' : message;

/** One line of a running stage: bar, loss, speed, time left. */
export function renderProgress(progress: StageProgress): string {
  const parts: string[] = [];
  if (progress.total) {
    const share = Math.floor((100 * progress.done) / progress.total);
    parts.push(`${bar(progress.done, progress.total)} ${String(share).padStart(3)} %`);
    parts.push(`${progress.done}/${progress.total} ${progress.unit}`);
  } else {
    parts.push(`${progress.done} ${progress.unit}`);
  }
  if (progress.loss !== null) parts.push(`loss ${progress.loss.toFixed(4)}`);
  if (progress.score)
    parts.push(`${progress.score.suite} ${progress.score.correct}/${progress.score.done}`);
  if (progress.tokensPerSecond) parts.push(`${Math.round(progress.tokensPerSecond)} tokens/s`);
  if (progress.etaSeconds !== null) parts.push(`${duration(progress.etaSeconds)} left`);
  if (progress.phase !== 'running') parts.push(progress.phase);
  return parts.join('  ');
}
