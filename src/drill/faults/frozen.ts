import { atOnce, type Fault } from '../fault.js';
import { signalHost } from '../training.js';
import type { Trial } from '../trial.js';

export const publishedBy = (trial: Trial, host: string): Promise<true> =>
  trial.untilChain(`${host} publishes`, ({ attempts }) => {
    const newest = attempts.at(-1);
    return newest?.host === host && newest.publishedSteps.length > 0;
  });

/** Long enough asleep that another host trains on and publishes; then the zombie wakes. */
export const hostFrozen: Fault = {
  name: 'host-frozen',
  en: 'host asleep (SIGSTOP) until another has published, then awake: a zombie',
  zh: '主机休眠（SIGSTOP），待另一主机发布后醒来：僵尸进程',
  expects: { kinds: ['host-lost'], repeats: true },
  open: atOnce(async (trial, target) => {
    await trial.freezeBehindCheckpoint(target);
    await trial.note(target);
    const { id } = await trial.rent('second');
    await publishedBy(trial, id);
    signalHost(target, 'SIGCONT');
  }),
};
