import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.js';
import { signalHost, signalProcess, type Training } from '../training.js';
import type { Trial } from '../trial.js';
import { untilGone } from '../wait.js';

const FIRST = 'first';

/** SIGTERM, and SIGKILL so many seconds later: what a container or a provider without notices grants. */
const terminated = (seconds: number): Fault => ({
  name: `terminated-${seconds}s`,
  en: `SIGTERM with ${seconds} s: a last checkpoint, then away`,
  zh: `SIGTERM，限 ${seconds} 秒：保存最后一个检查点后离开`,
  expects: { kinds: ['preempted'], repeats: false },
  open: async (trial) => {
    const { notices } = trial.arena.config;
    const told = { ...notices, profile: 'none' as const, signalSeconds: seconds };
    await trial.rent(FIRST, { config: { notices: told } });
    return {
      settings: ['hosts.provider=manual'],
      strike: (target) => terminate(trial, target, seconds),
    };
  },
});

async function terminate(trial: Trial, target: Training, seconds: number): Promise<void> {
  signalProcess(target.workerPid, 'SIGTERM');
  const over = new AbortController();
  const killed = sleep(seconds * 1000, undefined, { signal: over.signal }).then(
    () => signalHost(target, 'SIGKILL'),
    () => undefined,
  );
  await untilGone(target.workerPid, trial.arena.signal);
  over.abort();
  await killed;
  await trial.note(target);
  await trial.rent('second');
}

export const TERMINATED: readonly Fault[] = [5, 30, 120].map(terminated);
