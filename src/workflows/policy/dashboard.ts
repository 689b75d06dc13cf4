import { anchorSentence } from '../../contracts/anchor.js';
import { type Answering, tallySentence } from '../../contracts/answering.js';
import type { Language } from '../../contracts/base.js';
import { CHECKLIST } from '../../contracts/checklist.js';
import { detectableSentence } from '../../contracts/detectable.js';
import { yuan } from '../../contracts/money.js';
import { decisionSentence } from '../../contracts/pilot.js';
import type { PlanState } from '../../contracts/state.js';
import { verdictSentence } from '../../contracts/verdict.js';
import { dayOf } from './checklist.js';

const DAYS = [1, 2, 3, 4, 5] as const;
const LAST_INTERRUPTIONS = 10;

/** The plan as Markdown for the Temporal UI; far below its limit of 20 000 bytes. */
export function dashboard(state: PlanState, language: Language, at: string): string {
  const zh = language === 'zh';
  const today = dayOf(state, at);
  const lines = [
    `# ${state.title}`,
    `**${state.status}** · ${zh ? `第 ${today} 天` : `day ${today} of 5`} · ` +
      `${yuan(state.spentFen)} / ${yuan(state.capFen)} · ` +
      `${zh ? '中断' : 'interruptions'}: ${state.interruptions.length}`,
  ];
  if (state.failure) lines.push(`> ${state.failure}`);
  if (state.anchor && !state.anchor.holds) {
    lines.push(`> **${zh ? '警告：' : 'Warning:'}** ${anchorSentence(state.anchor, zh)}`);
  }
  lines.push(...progressLines(state, zh), ...quoteLines(state, zh), ...pilotLines(state, zh));
  lines.push(...verdictLines(state, zh));
  for (const day of DAYS) {
    lines.push(
      `## ${zh ? `第 ${day} 天` : `Day ${day}`}${day === today ? (zh ? '（今天）' : ' (today)') : ''}`,
    );
    for (const item of CHECKLIST.filter((entry) => entry.day === day)) {
      const mine = item.tickedBy === 'person' ? (zh ? '（由你完成）' : ' (yours)') : '';
      lines.push(`- [${state.ticked[item.id] ? 'x' : ' '}] ${zh ? item.zh : item.en}${mine}`);
    }
  }
  return [...lines, ...interruptionLines(state, zh)].join('\n');
}

function progressLines(state: PlanState, zh: boolean): string[] {
  const stages = state.stages.map(
    (stage) =>
      `| ${stage.name} | ${stage.status}${stage.cached ? ' (cached)' : ''} | ${stage.attempts || ''} |`,
  );
  const lines = [
    `| ${zh ? '阶段' : 'stage'} | ${zh ? '状态' : 'status'} | ${zh ? '尝试' : 'attempts'} |`,
    '| --- | --- | --- |',
    ...stages,
  ];
  const news = state.current;
  if (news) {
    const total = news.total === null ? '' : ` / ${news.total}`;
    const loss = news.loss === null ? '' : ` · loss ${news.loss.toFixed(4)}`;
    lines.push('', `${zh ? '最近消息' : 'Last news'}: ${news.stage} ${news.done}${total}${loss}`);
    if (state.answering) lines.push('', answeringLine(state.answering, zh));
    if (news.waitingFor) lines.push('', `**${zh ? '等待' : 'Waiting'}:** ${news.waitingFor}`);
  }
  return lines;
}

/** Of finished shards: the others tell by their heartbeats, in `watch`. */
function answeringLine({ shards, finished, tallies }: Answering, zh: boolean): string {
  const score = finished === 0 ? '' : `: ${tallySentence(tallies)}`;
  return `${zh ? '已完成分片' : 'Shards done'} ${finished} / ${shards}${score}`;
}

function quoteLines(state: PlanState, zh: boolean): string[] {
  if (!state.quote) return [];
  const hours = (state.quote.totalSeconds / 3600).toFixed(2);
  const price = yuan(state.quote.fen);
  const gate =
    state.gate.status === 'waiting' ? (zh ? '，等待批准' : ', waiting for approval') : '';
  const shows = state.quote.detectable?.length
    ? ['', detectableSentence(state.quote.detectable, zh)]
    : [];
  return ['', `${zh ? '报价' : 'Quote'}: ${hours} h, ${price}${gate}`, ...shows];
}

function verdictLines({ compared }: PlanState, zh: boolean): string[] {
  if (compared === null) return [];
  return compared.suites.flatMap((one) => [
    '',
    `**${zh ? '前后对比' : 'Before/after'}** ${verdictSentence(one, zh)}`,
  ]);
}

function pilotLines({ pilot }: PlanState, zh: boolean): string[] {
  if (pilot === null) return [];
  const rows = pilot.trials.map((one) => {
    const values = `${one.name} (${one.learningRate}, ${one.view})`;
    if (one.score === null) return `| ${values} | ${one.message ?? ''} |`;
    const { share, interval, n } = one.score;
    return `| ${values} | ${percent(share)} (${percent(interval[0])} – ${percent(interval[1])}, n ${n}) |`;
  });
  return [
    '',
    `| ${zh ? '试点候选' : 'candidate of the pilot'} | ${pilot.suite} |`,
    '| --- | --- |',
    ...rows,
    ...(pilot.ended ? ['', decisionSentence(pilot, zh)] : []),
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function interruptionLines(state: PlanState, zh: boolean): string[] {
  if (state.interruptions.length === 0) return [];
  return [
    `## ${zh ? '经历的中断' : 'Interruptions survived'}`,
    ...state.interruptions
      .slice(-LAST_INTERRUPTIONS)
      .map(
        (lost) =>
          `- ${lost.stage}: ${lost.kind} (${lost.host}), ${zh ? '重复步数' : 'steps repeated'} ${lost.stepsLost}`,
      ),
  ];
}
