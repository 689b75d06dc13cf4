import type { Config } from '../../config/config.js';
import { limitFileSize } from '../../processes/file-size-limit.js';
import { atOnce, type Fault } from '../fault.js';

/** Room for logs and events, none for the tiny model's weights. */
const BYTES = 200_000;

const linuxOnly = async (_config: Config): Promise<string | null> =>
  process.platform === 'linux' ? null : 'only Linux lets one process limit the files of another';

/** To the trainer its disk has no room for a checkpoint; the next attempt finds room again. */
export const diskFull: Fault = {
  name: 'disk-full',
  en: 'disk full while the trainer saves; the next attempt finds room',
  zh: '训练进程保存时磁盘已满，下一次尝试时已有空间',
  expects: { kinds: ['out-of-resources'] },
  unavailable: linuxOnly,
  open: atOnce(async (trial, { trainerPid }) => {
    await limitFileSize(trial.arena.config.python, trainerPid, BYTES);
  }),
};

/** The worker cannot write what it publishes; checkpoints wait for their turn, training goes on. */
export const storeFull: Fault = {
  name: 'store-full',
  en: 'no room in the store for two checkpoints in a row, then there is',
  zh: '存储连续两个检查点没有空间，之后恢复',
  expects: { kinds: [], repeats: false },
  unavailable: linuxOnly,
  open: atOnce(async (trial, target) => {
    const { python } = trial.arena.config;
    await limitFileSize(python, target.workerPid, BYTES);
    await trial.untilWritten(3 * trial.everySteps, target);
    await limitFileSize(python, target.workerPid, null);
  }),
};
