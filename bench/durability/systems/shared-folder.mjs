// What all compared systems but ours have in common: one folder for all attempts, a group of hosts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writesOfZombies } from '../measures.mjs';

/** The spec of ours in a folder of its own; checkpoints are kept, whoever names them. */
export function layOut(prepared, folder, resumeFrom = null) {
  mkdirSync(folder, { recursive: true });
  const { keep: _, ...checkpoints } = prepared.spec.checkpoints;
  const specFile = join(folder, 'train.json');
  const spec = {
    ...prepared.spec,
    resumeFrom,
    runDir: join(folder, 'run'),
    output: join(folder, 'model'),
    checkpoints: { ...checkpoints, folder: join(folder, 'checkpoints') },
  };
  writeFileSync(specFile, JSON.stringify(spec));
  return { specFile, checkpoints: spec.checkpoints.folder };
}

/** `metrics`: of the result that this system hands out. */
export const outcomeOf = (metrics, processes, strike) => ({
  ended: metrics ? 'finished' : 'without a result',
  weightsSha256: metrics?.weightsSha256,
  orderHash: metrics?.orderHash,
  zombieWritesAccepted: writesOfZombies(processes, strike),
});
