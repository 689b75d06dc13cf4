import { signalGroup } from '../../processes/identity.js';
import { atOnce, type Fault } from '../fault.js';
import { signalHost, signalProcess, type Training } from '../training.js';
import type { Trial } from '../trial.js';
import { untilGone } from '../wait.js';

/** As a spot host vanishes, with steps behind its newest checkpoint: no notice, no clean-up. */
export async function killHost(trial: Trial, target: Training): Promise<void> {
  await trial.freezeBehindCheckpoint(target);
  signalHost(target, 'SIGKILL');
  await untilGone(target.trainerPid, trial.arena.signal);
  await trial.note(target);
}

export const hostKilled: Fault = {
  name: 'host-killed',
  en: 'host vanishes: SIGKILL of worker and trainer',
  zh: '主机消失：worker 与训练进程被 SIGKILL',
  expects: { kinds: ['host-lost'], repeats: true },
  open: atOnce(killHost),
};

export const workerKilled: Fault = {
  name: 'worker-killed',
  en: 'SIGKILL of the worker alone; its trainer must not go on',
  zh: '只有 worker 被 SIGKILL，训练进程不得继续',
  expects: { kinds: ['host-lost'], repeats: true },
  open: atOnce(async (trial, target) => {
    await trial.freezeBehindCheckpoint(target);
    signalProcess(target.workerPid, 'SIGKILL');
    signalGroup(target.trainerPid, 'SIGCONT');
    // By itself, or the trial ends here.
    await untilGone(target.trainerPid, trial.arena.signal);
    await trial.note(target);
  }),
};

export const trainerKilled: Fault = {
  name: 'trainer-killed',
  en: 'SIGKILL of the trainer, as by the kernel out of memory',
  zh: '训练进程被 SIGKILL（如内存不足被系统杀死）',
  expects: { kinds: ['trainer-crashed'], repeats: true },
  open: atOnce(async (trial, target) => {
    await trial.freezeBehindCheckpoint(target);
    signalGroup(target.trainerPid, 'SIGKILL');
    await untilGone(target.trainerPid, trial.arena.signal);
    await trial.note(target);
    signalProcess(target.workerPid, 'SIGCONT');
  }),
};
