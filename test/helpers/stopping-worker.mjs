// A GPU worker that stops itself once, between the validation of its second publish in full-train
// and the journal write: `node stopping-worker.mjs HOST_ID MARKER_FILE`.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../dist/config/config.js';
import { runGpuWorker } from '../../dist/workers/gpu.js';

const [hostId, marker] = process.argv.slice(2);
const config = loadConfig();

function beforeJournalWrite(key) {
  const folder = dirname(join(config.home, 'store', key));
  if (existsSync(marker) || !existsSync(folder)) return;
  const entries = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const training = entries.some(({ type, stage }) => type === 'acquired' && stage === 'full-train');
  // What follows a publish in an undisturbed run is the next publish.
  if (!training || entries.at(-1).type !== 'published') return;
  writeFileSync(marker, key);
  process.kill(process.pid, 'SIGSTOP');
}

await runGpuWorker(config, { gpuClass: 'local', hostId, beforeJournalWrite });
process.exit(0);
