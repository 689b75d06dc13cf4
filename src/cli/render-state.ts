import pc from 'picocolors';
import { anchorSentence } from '../contracts/anchor.js';
import type { Language } from '../contracts/base.js';
import { detectableSentence } from '../contracts/detectable.js';
import { intervalSentence } from '../contracts/interval.js';
import type { PlanState } from '../contracts/state.js';
import { verdictSentence } from '../contracts/verdict.js';
import { gateText, quoteText } from './changes.js';
import { againAdvice } from './ended.js';
import { modelLines, type Place } from './model-place.js';
import { count, duration, money, table } from './output.js';
import { pilotLines } from './pilot-text.js';
import type { Running } from './plan-handle.js';
import { renderProgress } from './render-progress.js';
import { statusIn } from './status-words.js';

/** The whole plan on one screen. */
export function renderState(
  state: PlanState,
  running: Running,
  place: Place,
  language: Language = 'en',
): string {
  const zh = language === 'zh';
  const lines = [
    `${pc.bold(state.title)}  (${state.planId})`,
    summaryLine(state, language),
    '',
    stagesTable(state, language),
  ];
  const told = (en: string, inChinese: string, what: string): string =>
    zh ? `${inChinese}：${what}` : `${en}: ${what}`;
  if (running.progress) lines.push('', renderProgress(running.progress, state.answering, zh));
  const interval = running.progress?.interval;
  if (interval) lines.push(intervalSentence(interval, zh));
  const { lastFailure } = running;
  if (lastFailure) lines.push(pc.yellow(told('Tried again after', '重试的原因', lastFailure)));
  const waiting = state.current?.waitingFor;
  if (waiting) lines.push('', pc.yellow(told('Waiting', '等待', waiting)));
  if (state.quote) lines.push('', ...quoteLines(state, state.quote, zh));
  const trials = state.pilot ? pilotLines(state.pilot, zh) : [];
  if (trials.length > 0) lines.push('', ...trials.map((line) => told('Pilot', '试点', line)));
  if (state.anchor) lines.push('', anchorLine(state.anchor, zh));
  const verdicts = (state.compared?.suites ?? []).map((one) => verdictSentence(one, zh));
  if (verdicts.length > 0) {
    lines.push('', ...verdicts.map((line) => told('Before/after', '前后对比', line)));
  }
  if (state.failure) lines.push('', pc.red(told('Failed', '失败', state.failure)));
  if (state.model) lines.push('', ...modelLines(state.planId, state.model, place, zh));
  const next = nextStep(state, zh);
  if (next !== null) lines.push('', pc.yellow(next));
  return lines.join('\n');
}

/** Before full-train is paid for it is a warning; afterwards it stands before every score. */
function anchorLine(anchor: NonNullable<PlanState['anchor']>, zh: boolean): string {
  const line = anchorSentence(anchor, zh);
  if (anchor.holds) return zh ? line : `${line[0]!.toUpperCase()}${line.slice(1)}.`;
  return pc.yellow(zh ? `警告：${line}` : `Warning: ${line}`);
}

function summaryLine(
  { status, spentFen, capFen, interruptions }: PlanState,
  language: Language,
): string {
  const [spent, cap, lost] = [money(spentFen), money(capFen), interruptions.length];
  const words =
    language === 'zh'
      ? `已花 ${spent}，上限 ${cap}   ${lost} 次中断`
      : `spent ${spent} of ${cap}   ${count(lost, 'interruption')}`;
  return `${statusIn(language, status)}   ${words}`;
}

const HEADERS = {
  en: ['STAGE', 'STATUS', 'ATTEMPTS', 'TIME', ''],
  zh: ['阶段', '状态', '尝试', '用时', ''],
} as const;

function stagesTable({ stages, failure }: PlanState, language: Language): string {
  const cached = language === 'zh' ? '以前已完成，不再付费' : 'already done before, not paid again';
  return table(
    HEADERS[language],
    stages.map((stage) => [
      stage.name,
      statusIn(language, stage.status),
      stage.attempts ? String(stage.attempts) : '',
      stage.seconds ? duration(stage.seconds, language) : '',
      stage.cached ? cached : remark(stage.message, failure),
    ]),
  );
}

function quoteLines(
  { gate }: PlanState,
  quote: NonNullable<PlanState['quote']>,
  zh: boolean,
): string[] {
  const words = quoteText(quote, zh);
  const shows = quote.detectable?.length ? detectableSentence(quote.detectable, zh) : null;
  const passed = gate.status === 'approved' ? gateText(gate, zh) : null;
  if (zh) {
    const after = [shows, passed === null ? null : `关口：${passed}`];
    const known = after.filter((line) => line !== null).map((line) => `${line}。`);
    return [`报价：${words}（${quote.basisZh ?? quote.basis}）。`, ...known];
  }
  return [
    `Quote: ${words} (${quote.basis}).`,
    ...(shows === null ? [] : [`The ${shows}.`]),
    ...(passed === null ? [] : [`Gate: ${passed}.`]),
  ];
}

/** What a person must do for the plan to go on; null when it does by itself or is done. */
function nextStep({ planId, status }: PlanState, zh: boolean): string | null {
  switch (status) {
    case 'awaiting-approval':
      return `${zh ? '批准：' : 'Approve with: '}dream-sft approve ${planId}`;
    case 'paused':
      return `${zh ? '继续：' : 'Go on with: '}dream-sft resume ${planId}`;
    case 'cancelled':
    case 'failed':
      return againAdvice(planId, status, zh);
    default:
      return null;
  }
}

/** What ended the plan is told once, below the table. */
const remark = (message: string | null, failure: string | null): string =>
  message === null || failure?.startsWith(message) ? '' : message;
