import { signalGroup } from '../../processes/identity.js';
import { Chain } from '../../store/chain.js';
import type { Fault } from '../fault.js';
import { waitFor } from '../wait.js';

/** Long enough asleep that another host trains on and publishes; then the zombie wakes. */
export const hostFrozen: Fault = {
  name: 'host-frozen',
  en: 'host asleep (SIGSTOP) until another has published, then awake: a zombie',
  zh: '主机休眠（SIGSTOP），待另一主机发布后醒来：僵尸进程',
  strike: async ({ arena, planId, stageKey, workerPid, trainerPid }) => {
    process.kill(workerPid, 'SIGSTOP');
    signalGroup(trainerPid, 'SIGSTOP');
    const standby = `standby-${planId}`;
    await arena.startHost(standby);
    await waitFor(`${standby} publishes in ${planId}`, async () => {
      const newest = (await new Chain(arena.store, stageKey).fold()).attempts.at(-1);
      return newest?.host === standby && newest.publishedSteps.length > 0 ? true : null;
    });
    signalGroup(trainerPid, 'SIGCONT');
    process.kill(workerPid, 'SIGCONT');
  },
};
