import { atOnce, type Fault } from '../fault.js';
import { killLocalHost, localHosts } from '../local-hosts.js';
import { waitFor } from '../wait.js';
import { killHost } from './killed.js';

/** The host that should replace the lost one dies before it has come up; the one after it lives. */
export const hostNeverUp: Fault = {
  name: 'host-never-up',
  en: 'host killed, and its successor dies before it is up',
  zh: '主机被杀，接替的主机还没起来就死了',
  expects: { kinds: ['host-lost'], repeats: true },
  open: atOnce(async (trial, target) => {
    const known = await localHosts(trial.arena);
    await killHost(trial, target);
    const successor = await waitFor(
      `${trial.planId} gets another host`,
      async () => [...(await localHosts(trial.arena))].find(([id]) => !known.has(id)) ?? null,
      trial.arena.signal,
    );
    await killLocalHost(successor[1]);
  }),
};
