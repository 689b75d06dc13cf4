import { tellTrainer } from './staged.js';

/** Hears of each checkpoint that is on its way to the store, and tells the trainer what it took. */
export interface PublishingListener {
  publishing(underWay: boolean): void;
  published(folder: string, seconds: number): Promise<void>;
}

export const TELLS_TRAINER: PublishingListener = {
  publishing: () => undefined,
  published: (folder, seconds) => tellTrainer(folder, { seconds, everySeconds: null }),
};
