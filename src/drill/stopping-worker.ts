import { existsSync, writeFileSync } from 'node:fs';
import { loadConfig } from '../config/config.js';
import { runGpuWorker } from '../workers/gpu.js';
import { type Stop, stoppingStore } from './stopping-store.js';

/**
 * `node stopping-worker.js HOST_ID STOP MARK`: a GPU worker that stops itself (SIGSTOP) at a moment of
 * its publishing, once the file MARK.armed is there; before it does, it writes MARK.
 */
const [hostId = '', at, mark = ''] = process.argv.slice(2);

const stop = (): void => {
  writeFileSync(mark, '');
  process.kill(process.pid, 'SIGSTOP');
};
const armed = (): boolean => existsSync(`${mark}.armed`);

await runGpuWorker(loadConfig(), {
  gpuClass: 'local',
  hostId,
  changeStore: (store) => stoppingStore(store, { at: at as Stop, armed, stop }),
});
process.exit(0);
