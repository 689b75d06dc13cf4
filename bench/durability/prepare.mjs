// What all systems start from: the spec, base and dataset of our plan's own training, and the hashes of
// a run that nobody struck, by our plan and by the bare trainer, which must agree.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { untilQuiet } from './killer.mjs';
import { layOut } from './systems/shared-folder.mjs';

export async function prepare({ folder, recordings, trainerFolder, openOurs }) {
  const path = join(folder, 'prepared.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const begun = Date.now();
  const ours = await openOurs();
  const run = await ours.start(folder, `straight-${begun}`);
  const spec = await takeSpec(recordings, begun, join(folder, 'inputs'));
  await run.ended();
  const outcome = await run.outcome();
  await ours.close();
  const bare = await runBare(
    { spec },
    join(folder, `straight-${begun}`),
    recordings,
    trainerFolder,
  );
  for (const hash of ['weightsSha256', 'orderHash']) {
    if (bare[hash] !== outcome[hash]) throw new Error(`plan and bare trainer differ in ${hash}`);
  }
  const { weightsSha256, orderHash } = bare;
  const prepared = { spec, straight: { weightsSha256, orderHash } };
  writeFileSync(path, JSON.stringify(prepared));
  return prepared;
}

/** While the trainer runs: its host's copies of the inputs go when the stage ends. */
async function takeSpec(recordings, begun, folder) {
  let spec;
  while (!spec) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [first] = recordings.since(begun);
    if (first?.events.some(({ type }) => type === 'ready')) ({ spec } = first);
  }
  mkdirSync(folder, { recursive: true });
  const [base, dataset] = [join(folder, 'base'), join(folder, 'dataset')];
  cpSync(spec.base, base, { recursive: true, dereference: true });
  cpSync(spec.dataset, dataset, { recursive: true, dereference: true });
  return { ...spec, base, dataset };
}

async function runBare(prepared, folder, recordings, trainerFolder) {
  const begun = Date.now();
  const { specFile } = layOut(prepared, folder);
  const child = spawn(recordings.python, ['-m', 'dream_sft', 'train', '--spec', specFile], {
    env: { ...process.env, PYTHONPATH: trainerFolder },
    stdio: 'ignore',
  });
  await new Promise((resolve) => child.on('exit', resolve));
  await untilQuiet(recordings, begun);
  const events = recordings.since(begun).flatMap((each) => each.events);
  const result = events.find(({ type }) => type === 'result');
  if (!result) throw new Error('the bare trainer ended without a result');
  return result.metrics;
}
