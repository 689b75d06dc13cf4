import pc from 'picocolors';
import { detectableSentence } from '../contracts/detectable.js';
import type { StageProgress } from '../contracts/progress.js';
import type { PlanState } from '../contracts/state.js';
import { verdictSentence } from '../contracts/verdict.js';
import { gateText, quoteText } from './changes.js';
import { againAdvice } from './ended.js';
import { modelLines, type Place } from './model-place.js';
import { bar, count, duration, money, statusText, table } from './output.js';
import { pilotLines } from './pilot-text.js';
import type { Running } from './plan-handle.js';

/** The whole plan on one screen. */
export function renderState(state: PlanState, running: Running, place: Place): string {
  const spent = `${money(state.spentFen)} of ${money(state.capFen)}`;
  const lines = [
    `${pc.bold(state.title)}  (${state.planId})`,
    `${statusText(state.status)}   spent ${spent}   ${count(state.interruptions.length, 'interruption')}`,
    '',
    stagesTable(state),
  ];
  if (running.progress) lines.push('', renderProgress(running.progress));
  if (running.lastFailure) lines.push(pc.yellow(`Tried again after: ${running.lastFailure}`));
  const waiting = state.current?.waitingFor;
  if (waiting) lines.push('', pc.yellow(`Waiting: ${waiting}`));
  if (state.quote) lines.push('', ...quoteLines(state, state.quote));
  if (state.pilot) lines.push('', ...pilotLines(state.pilot).map((line) => `Pilot: ${line}`));
  const verdicts = state.compared?.suites ?? [];
  if (verdicts.length > 0) {
    lines.push('', ...verdicts.map((one) => `Before/after: ${verdictSentence(one, false)}`));
  }
  if (state.failure) lines.push('', pc.red(`Failed: ${state.failure}`));
  if (state.model) lines.push('', ...modelLines(state.planId, state.model, place));
  const next = nextStep(state);
  if (next !== null) lines.push('', pc.yellow(next));
  return lines.join('\n');
}

function stagesTable({ stages, failure }: PlanState): string {
  return table(
    ['STAGE', 'STATUS', 'ATTEMPTS', 'TIME', ''],
    stages.map((stage) => [
      stage.name,
      statusText(stage.status),
      stage.attempts ? String(stage.attempts) : '',
      stage.seconds ? duration(stage.seconds) : '',
      stage.cached ? 'already done before, not paid again' : remark(stage.message, failure),
    ]),
  );
}

function quoteLines(state: PlanState, quote: NonNullable<PlanState['quote']>): string[] {
  const { gate } = state;
  const passed = gate.status === 'approved' ? [`Gate: ${gateText(gate)}.`] : [];
  const { detectable: suites = [] } = quote;
  const shows = suites.length > 0 ? [`The ${detectableSentence(suites, false)}.`] : [];
  return [`Quote: ${quoteText(quote)} (${quote.basis}).`, ...shows, ...passed];
}

/** What a person must do for the plan to go on; null when it does by itself or is done. */
function nextStep({ planId, status }: PlanState): string | null {
  switch (status) {
    case 'awaiting-approval':
      return `Approve with: dream-sft approve ${planId}`;
    case 'paused':
      return `Go on with: dream-sft resume ${planId}`;
    case 'cancelled':
    case 'failed':
      return againAdvice(planId, status);
    default:
      return null;
  }
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
  } else if (progress.done > 0) {
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
