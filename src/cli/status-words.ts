import type { Language } from '../contracts/base.js';
import { statusText } from './output.js';

const ZH: Readonly<Record<string, string>> = {
  finished: '已完成',
  running: '进行中',
  'awaiting-approval': '等待批准',
  pausing: '正在暂停',
  paused: '已暂停',
  stopped: '已停止',
  failed: '失败',
  cancelled: '已取消',
  waiting: '未开始',
};

/** A status as mark and word, in the reader's language. */
export const statusIn = (language: Language, status: string): string =>
  statusText(status, language === 'zh' ? (ZH[status] ?? status) : status);
