// One attempt of full-train in a process of its own, which dies by SIGKILL where it is told to:
// `node one-attempt.mjs REQUEST.json`. Its trainer must then die by itself, as on a lost host.
import { readFileSync } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { createGpuActivities } from '../../../dist/activities/create-gpu-activities.js';
import { loadConfig } from '../../../dist/config/config.js';
import { startTrainer } from '../../../dist/processes/trainer.js';
import { openStore } from '../../../dist/store/open-store.js';

const { home, host, attempt, input, kill } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { python, trainerFolder } = loadConfig();
const dieAt = (where) => {
  if (kill?.at === where) process.kill(process.pid, 'SIGKILL');
};

const store = await openStore({ kind: 'local' }, home);
// What the store is asked to do tells where the attempt stands.
const getFile = store.getFile.bind(store);
const putIfAbsent = store.putIfAbsent.bind(store);
let acquired = false;
let stands = false;
let published = 0;
store.putIfAbsent = async (key, bytes) => {
  const { type } = key.startsWith('chains/') ? JSON.parse(Buffer.from(bytes).toString('utf8')) : {};
  // Every file and the manifest are written; the entry, which makes them a checkpoint, is not.
  if (type === 'published' && (published += 1) === 2) dieAt('publish');
  const won = await putIfAbsent(key, bytes);
  acquired ||= type === 'acquired';
  stands ||= type === 'published';
  return won;
};
store.getFile = async (key, path) => {
  await getFile(key, path);
  // The checkpoint comes first, file by file; this was one of several.
  if (acquired) dieAt('restore');
};

const activities = createGpuActivities({
  store,
  home,
  host,
  codeDigest: input.codeDigest,
  python,
  trainerFolder,
  startTrainer: (options) =>
    startTrainer({
      ...options,
      onEvent: (event) => {
        options.onEvent(event);
        if (event.type === 'started') dieAt('loading');
        // Not before something is published, or there would be nothing to resume from.
        if (event.type === 'step' && event.step >= kill?.step && stands) dieAt('step');
      },
    }),
  now: () => new Date(),
  log: pino({ level: 'silent' }),
  timing: { beatMs: 10 },
});
const info = { attempt, currentAttemptScheduledTimestampMs: Date.now() };
const env = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
const outcome = await env.run(activities.fullTrain, input);
process.stdout.write(JSON.stringify(outcome));
process.exit(0);
