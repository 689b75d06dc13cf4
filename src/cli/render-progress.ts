import { addUp, type Answering, tallySentence } from '../contracts/answering.js';
import type { StageProgress } from '../contracts/progress.js';
import { bar, duration } from './output.js';

/** One line of a running stage: bar, loss or running score, speed, time left. */
export function renderProgress(
  progress: StageProgress,
  answering: Answering | null = null,
  zh = false,
): string {
  const parts = answering ? scoreParts(progress, answering, zh) : stepParts(progress, zh);
  if (progress.loss !== null) parts.push(`${zh ? '损失' : 'loss'} ${progress.loss.toFixed(4)}`);
  const { tokensPerSecond, etaSeconds, phase, waitsFor } = progress;
  const speed = Math.round(tokensPerSecond ?? 0);
  if (speed > 0) parts.push(zh ? `${speed} 词元/秒` : `${speed} tokens/s`);
  if (etaSeconds !== null) {
    parts.push(zh ? `还需 ${duration(etaSeconds, 'zh')}` : `${duration(etaSeconds)} left`);
  }
  if (waitsFor) parts.push(waiting(waitsFor, progress.unit, zh));
  else if (phase !== 'running') parts.push(zh ? PHASES_ZH[phase] : phase);
  return parts.join('  ');
}

/** Of an attempt that is parked: training goes on, where the server does not see it. */
function waiting(
  { host, step }: NonNullable<StageProgress['waitsFor']>,
  unit: StageProgress['unit'],
  zh: boolean,
): string {
  if (zh) return `等待主机 ${host}（第 ${step} ${UNITS_ZH[unit]}）`;
  return `waiting for host ${host} at ${unit === 'steps' ? `step ${step}` : `${step} ${unit}`}`;
}

function stepParts(progress: StageProgress, zh: boolean): string[] {
  const { done, total } = progress;
  const unit = zh ? UNITS_ZH[progress.unit] : progress.unit;
  if (total) return [share(done, total), `${done}/${total} ${unit}`];
  return done > 0 ? [`${done} ${unit}`] : [];
}

/** Of shards that have finished, and of those at work. */
function scoreParts(progress: StageProgress, answering: Answering, zh: boolean): string[] {
  const { questions, shards, finished, what } = answering;
  const tallies = addUp([...answering.tallies, ...progress.tallies]);
  const done = tallies.reduce((sum, tally) => sum + tally.done, 0);
  const parts = what === null ? [] : [what];
  parts.push(share(done, questions), `${done}/${questions} ${zh ? '题' : 'questions'}`);
  if (done > 0) parts.push(tallySentence(tallies));
  if (shards > 1) parts.push(`${finished}/${shards} ${zh ? '个分片已完成' : 'shards done'}`);
  return parts;
}

const share = (done: number, total: number): string =>
  `${bar(done, total)} ${String(Math.floor((100 * done) / total)).padStart(3)} %`;

const UNITS_ZH: Readonly<Record<StageProgress['unit'], string>> = {
  steps: '步',
  batches: '批',
  bytes: '字节',
  rows: '行',
  files: '个文件',
  questions: '题',
};
const PHASES_ZH: Readonly<Record<StageProgress['phase'], string>> = {
  preparing: '准备中',
  restoring: '恢复检查点',
  starting: '启动中',
  running: '进行中',
  publishing: '发布中',
  finishing: '收尾中',
  parked: '等待原主机',
};
