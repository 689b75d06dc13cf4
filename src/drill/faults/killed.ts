import { signalGroup } from '../../processes/identity.js';
import type { Fault } from '../fault.js';

/** As a spot host vanishes: no notice, no clean-up. */
export const hostKilled: Fault = {
  name: 'host-killed',
  en: 'host vanishes: SIGKILL of worker and trainer',
  zh: '主机消失：worker 与训练进程被 SIGKILL',
  strike: async ({ workerPid, trainerPid }) => {
    process.kill(workerPid, 'SIGKILL');
    signalGroup(trainerPid, 'SIGKILL');
  },
};

export const workerKilled: Fault = {
  name: 'worker-killed',
  en: 'SIGKILL of the worker alone; its trainer must not go on',
  zh: '只有 worker 被 SIGKILL，训练进程不得继续',
  strike: async ({ workerPid }) => {
    process.kill(workerPid, 'SIGKILL');
  },
};

export const trainerKilled: Fault = {
  name: 'trainer-killed',
  en: 'SIGKILL of the trainer, as by the kernel out of memory',
  zh: '训练进程被 SIGKILL（如内存不足被系统杀死）',
  strike: async ({ trainerPid }) => signalGroup(trainerPid, 'SIGKILL'),
};

/** A notice of the plainest kind: time for a last checkpoint. */
export const hostTerminated: Fault = {
  name: 'host-terminated',
  en: 'SIGTERM of the worker: a last checkpoint, then away',
  zh: 'worker 收到 SIGTERM：保存最后一个检查点后离开',
  strike: async ({ workerPid }) => {
    process.kill(workerPid, 'SIGTERM');
  },
};
