// The same trainer, checkpoints and seeded kills under several systems, side by side:
//   node bench/durability/compare.mjs FOLDER [--systems ours,bash,temporal] [--trials 3] [--seed 1] [--minutes 5]
// Trials are of each fault and system. FOLDER keeps them: the same command goes on where it was stopped
// (it stops itself before a trial that may end later than --minutes). The JSON line is of all that is done.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../dist/config/config.js';
import { schedule } from '../../dist/drill/schedule.js';
import { report } from '../measure.mjs';
import { endHosts } from './group.mjs';
import { endAll, FAULTS, killAt, untilQuiet } from './killer.mjs';
import { measure } from './measures.mjs';
import { prepare } from './prepare.mjs';
import { Recordings } from './recordings.mjs';
import { SPAN } from './span.mjs';
import { summarise, tableOf } from './table.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    systems: { type: 'string', default: 'ours,bash,temporal' },
    faults: { type: 'string', default: FAULTS.map(({ name }) => name).join(',') },
    trials: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1e9' },
  },
});
if (positionals.length !== 1) throw new Error('usage: compare.mjs FOLDER [options]');
const folder = resolve(positionals[0]);
const seed = Number(values.seed);
const faults = FAULTS.filter(({ name }) => values.faults.split(',').includes(name));
const ends = Date.now() + Number(values.minutes) * 60_000;
/** The longest trial that was seen: a host that sleeps out the killer's patience, then trains to the end. */
const TRIAL_MS = 100_000;

mkdirSync(folder, { recursive: true });
const { python, trainerFolder } = loadConfig();
const recordings = new Recordings(folder, python);
const openSystem = async (name, more) =>
  (await import(`./systems/${name}.mjs`)).open({
    recordings,
    trainerFolder,
    home: join(folder, `home-${name}`),
    ...more,
  });
const openOurs = () => openSystem('ours', {});
const prepared = await prepare({ folder, recordings, trainerFolder, openOurs });
const open = new Map();
const started = Date.now();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    endHosts();
    endAll(recordings, started);
    process.exit(1);
  });
}
try {
  for (const { name, blow } of left()) {
    if (Date.now() + TRIAL_MS > ends) break;
    if (!open.has(name)) open.set(name, await openSystem(name, { prepared }));
    keep({ system: name, seed, ...(await strike(open.get(name), name, blow)) });
  }
} finally {
  for (const system of open.values()) await system.close();
}
const results = done();
process.stderr.write(`${tableOf(results)}\n`);
report('durability', { seed, ...SPAN, systems: summarise(results) });

/** Systems in turn, so that a machine that grows busy is busy for all of them. */
function left() {
  const blows = schedule(faults, Number(values.trials) * faults.length, seed, SPAN);
  const past = new Set(done().map(({ system, trial }) => `${system} ${trial}`));
  return blows
    .flatMap((blow) => values.systems.split(',').map((name) => ({ name, blow })))
    .filter(({ name, blow }) => !past.has(`${name} ${blow.trial}`));
}

async function strike(system, name, blow) {
  const begun = Date.now();
  const id = `${name}-${blow.fault.name}-${blow.trial}-${begun}`;
  const run = await system.start(join(folder, 'trials', id), id);
  try {
    const blown = await killAt(blow, { run, recordings, begun });
    await run.ended();
    await untilQuiet(recordings, begun);
    const processes = recordings.since(begun);
    const outcome = await run.outcome(processes);
    const { straight } = prepared;
    return {
      trial: blow.trial,
      fault: blow.fault.name,
      atStep: blow.atStep,
      ...measure({ processes, strike: blown, outcome, straight }),
      wallSeconds: Math.round((Date.now() - begun) / 1000),
    };
  } finally {
    await run.close();
    endAll(recordings, begun);
  }
}

function keep(result) {
  appendFileSync(join(folder, 'results.jsonl'), `${JSON.stringify(result)}\n`);
  process.stderr.write(`${JSON.stringify(result)}\n`);
}

function done() {
  const path = join(folder, 'results.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line)).filter((result) => result.seed === seed);
}
