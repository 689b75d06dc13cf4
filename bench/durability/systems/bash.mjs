// A loop around the trainer. It hands out what lies in the folder when the last loop has ended.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Group } from '../group.mjs';
import { layOut, outcomeOf } from './shared-folder.mjs';

const RETRY = fileURLToPath(new URL('../retry.sh', import.meta.url));

export async function open({ prepared, recordings, trainerFolder }) {
  return {
    async start(folder) {
      const { specFile, checkpoints } = layOut(prepared, folder, '@NEWEST@');
      const command = [RETRY, recordings.python, specFile, checkpoints];
      const hosts = new Group(join(folder, 'hosts'), command, { PYTHONPATH: trainerFolder });
      hosts.start();
      return {
        startStandby: async () => hosts.start(),
        ended: () => hosts.finished,
        outcome: (processes, strike) => outcomeOf(lastResult(processes), processes, strike),
        close: () => hosts.close(),
      };
    },
    close: async () => {},
  };
}

/** Whoever ends last has written the model over that of the others. */
const lastResult = (processes) =>
  processes
    .flatMap(({ events }) => events)
    .filter(({ type }) => type === 'result')
    .sort((a, b) => a.at - b.at)
    .at(-1)?.metrics;
