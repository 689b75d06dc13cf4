import { isAbsolute, join } from 'node:path';
import type { StoreConfig } from '../contracts/store.js';
import type { FineTuned } from '../contracts/state.js';

/** Where the reader's commands look for state; a demo has a home of its own. */
export interface Place {
  readonly home: string;
  /** What must stand before `dream-sft`, as `DREAM_SFT_HOME=…`, when it is not the usual home. */
  readonly before?: string;
}

export function storePlace(store: StoreConfig, home: string): string {
  if (store.kind === 's3') return `s3://${store.bucket}/${store.prefix}`.replace(/\/$/, '');
  const path = store.path ?? 'store';
  return isAbsolute(path) ? path : join(home, path);
}

/** Which artifact the fine-tuned model is, and how to get at its files. */
export function modelLines(
  planId: string,
  model: FineTuned,
  { home, before }: Place,
  zh = false,
): string[] {
  const { artifact, folder, store } = model;
  const command = `${before ? `${before} ` : ''}dream-sft export ${planId} FOLDER`;
  const name = artifact.digest.slice(0, 16);
  if (zh) {
    const what = folder === '' ? '制品' : '最后一个检查点，制品';
    return [
      `微调后的模型：${storePlace(store, home)} 中的${what} ${name}`,
      `  放进自己的文件夹：${command}`,
    ];
  }
  const what = folder === '' ? 'artifact' : 'last checkpoint, artifact';
  return [
    `fine-tuned model: ${what} ${name} in ${storePlace(store, home)}`,
    `  into a folder of its own: ${command}`,
  ];
}
