import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { signalGroup } from '../processes/identity.js';
import type { Stop } from './stopping-store.js';
import type { Training } from './training.js';
import type { Trial } from './trial.js';
import { waitFor } from './wait.js';

// By way of dist/, so that it is the compiled file from a test of the sources too.
const MAIN = fileURLToPath(new URL('../../dist/drill/stopping-worker.js', import.meta.url));

/** A host that stops itself at a named point of publishing, as soon as it is told that it counts. */
export interface StoppingHost {
  readonly id: string;
  /** Until its worker sleeps there; its trainer is then stopped too. */
  asleep(target: Training): Promise<void>;
}

export async function rentStoppingHost(trial: Trial, at: Stop): Promise<StoppingHost> {
  const { home } = trial.arena.config;
  const mark = join(home, `${trial.planId}.${at}`);
  const id = `first-${trial.planId}`;
  await trial.rent('first', { main: MAIN, args: [id, at, mark] });
  return {
    id,
    asleep: async ({ trainerPid }) => {
      writeFileSync(`${mark}.armed`, '');
      const stopped = async (): Promise<true | null> => (existsSync(mark) ? true : null);
      await waitFor(`${id} stops at its ${at}`, stopped, trial.arena.signal);
      signalGroup(trainerPid, 'SIGSTOP');
    },
  };
}
