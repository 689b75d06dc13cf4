import { signalProcess } from '../training.js';
import { childrenOf } from '../../processes/children.js';
import type { ProcessIdentity } from '../../processes/identity.js';
import { atOnce, type Expectation, type Fault } from '../fault.js';
import { killLocalHost, localHosts } from '../local-hosts.js';
import { waitFor } from '../wait.js';
import { killHost } from './killed.js';

/** Something is done to the host that should replace the lost one before it has come up. */
const withSuccessor = (
  fault: Pick<Fault, 'name' | 'en' | 'zh'>,
  what: (successor: ProcessIdentity) => Promise<void>,
): Fault => ({
  ...fault,
  expects: { kinds: ['host-lost'], repeats: true } satisfies Expectation,
  open: atOnce(async (trial, target) => {
    const known = await localHosts(trial.arena);
    await killHost(trial, target);
    const [, successor] = await waitFor(
      `${trial.planId} gets another host`,
      async () => [...(await localHosts(trial.arena))].find(([id]) => !known.has(id)) ?? null,
      trial.arena.signal,
    );
    await what(successor);
  }),
});

export const hostNeverUp = withSuccessor(
  {
    name: 'host-never-up',
    en: 'host killed, and its successor dies before it is up',
    zh: '主机被杀，接替的主机还没起来就死了',
  },
  killLocalHost,
);

/** Its worker, or the guard that has not started one yet. */
async function stopLocalHost({ pid }: ProcessIdentity): Promise<void> {
  signalProcess(pid, 'SIGSTOP');
  const workers = await childrenOf(pid);
  for (const worker of workers) signalProcess(worker, 'SIGSTOP');
  // A guard does its work on a worker that hangs.
  if (workers.length > 0) signalProcess(pid, 'SIGCONT');
}

export const hostHangsAtStart = withSuccessor(
  {
    name: 'host-hangs-at-start',
    en: 'host killed, and its successor hangs before it is up: it lives and does nothing',
    zh: '主机被杀，接替的主机卡在启动中：活着却什么也不做',
  },
  stopLocalHost,
);
