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
export function modelLines(planId: string, model: FineTuned, { home, before }: Place): string[] {
  const { artifact, folder, store } = model;
  const what = folder === '' ? 'artifact' : 'last checkpoint, artifact';
  const command = `${before ? `${before} ` : ''}dream-sft export ${planId} FOLDER`;
  return [
    `fine-tuned model: ${what} ${artifact.digest.slice(0, 16)} in ${storePlace(store, home)}`,
    `  into a folder of its own: ${command}`,
  ];
}
