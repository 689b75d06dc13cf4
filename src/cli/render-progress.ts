import type { StageProgress } from '../contracts/progress.js';
import { bar, duration } from './output.js';

/** One line of a running stage: bar, loss, speed, time left. */
export function renderProgress(progress: StageProgress, zh = false): string {
  const parts: string[] = [];
  if (progress.total) {
    const share = Math.floor((100 * progress.done) / progress.total);
    parts.push(`${bar(progress.done, progress.total)} ${String(share).padStart(3)} %`);
    parts.push(`${progress.done}/${progress.total} ${unitOf(progress, zh)}`);
  } else if (progress.done > 0) {
    parts.push(`${progress.done} ${unitOf(progress, zh)}`);
  }
  if (progress.loss !== null) parts.push(`${zh ? '损失' : 'loss'} ${progress.loss.toFixed(4)}`);
  if (progress.score)
    parts.push(`${progress.score.suite} ${progress.score.correct}/${progress.score.done}`);
  const { tokensPerSecond, etaSeconds, phase } = progress;
  const speed = Math.round(tokensPerSecond ?? 0);
  if (speed > 0) parts.push(zh ? `${speed} 词元/秒` : `${speed} tokens/s`);
  if (etaSeconds !== null) {
    parts.push(zh ? `还需 ${duration(etaSeconds, 'zh')}` : `${duration(etaSeconds)} left`);
  }
  if (phase !== 'running') parts.push(zh ? PHASES_ZH[phase] : phase);
  return parts.join('  ');
}

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

const unitOf = ({ unit }: StageProgress, zh: boolean): string => (zh ? UNITS_ZH[unit] : unit);
