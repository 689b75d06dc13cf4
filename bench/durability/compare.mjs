// The same trainer, checkpoints and seeded kills under several systems, side by side:
//   node bench/durability/compare.mjs FOLDER [--systems ours,bash,temporal] [--trials 3] [--seed 1] [--minutes 5]
// Trials are of each fault and system; the systems run beside each other, so that a machine that grows
// busy is busy for all of them. FOLDER keeps what is done: the same command goes on where it was stopped
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
/** A usual trial, five at once on two busy cores. */
const TRIAL_MS = 150_000;

mkdirSync(folder, { recursive: true });
const { python, trainerFolder } = loadConfig();
const names = values.systems.split(',');
const recordings = new Map(
  [...new Set(['ours', ...names])].map((name) => [
    name,
    new Recordings(join(folder, name), python),
  ]),
);
endWithUs();
const openSystem = async (name, prepared) =>
  (await import(`./systems/${name}.mjs`)).open({
    prepared,
    recordings: recordings.get(name),
    trainerFolder,
    home: join(folder, `home-${name}`),
  });
const prepared = await prepare({
  folder,
  recordings: recordings.get('ours'),
  trainerFolder,
  openOurs: () => openSystem('ours', null),
});
const blows = schedule(faults, Number(values.trials) * faults.length, seed, SPAN);
const waiting = names.filter((name) => left(name).length > 0);
const systems = new Map();
// One after the other: each takes ports that are free just now.
for (const name of waiting) systems.set(name, await openSystem(name, prepared));
const carried = await Promise.allSettled(waiting.map(trialsOf));
for (const system of systems.values()) await system.close();
const results = done();
process.stderr.write(`${tableOf(results)}\n`);
report('durability', { seed, ...SPAN, systems: summarise(results) });
for (const { reason } of carried.filter(({ status }) => status === 'rejected')) {
  process.stderr.write(`${reason.stack}\n`);
  process.exitCode = 1;
}

function left(name) {
  const past = new Set(done().flatMap(({ system, trial }) => (system === name ? [trial] : [])));
  return blows.filter(({ trial }) => !past.has(trial));
}

async function trialsOf(name) {
  for (const blow of left(name)) {
    if (Date.now() + TRIAL_MS > ends) return;
    keep({ system: name, seed, ...(await strike(name, blow)) });
  }
}

/** The guards end what is ours; groups of hosts, and trainers that watch nobody, would go on. */
function endWithUs() {
  const started = Date.now();
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      endHosts();
      for (const each of recordings.values()) endAll(each, started);
      process.exit(1);
    });
  }
}

async function strike(name, blow) {
  const own = recordings.get(name);
  const begun = Date.now();
  const id = `${name}-${blow.fault.name}-${blow.trial}-${begun}`;
  const run = await systems.get(name).start(join(folder, 'trials', id), id);
  try {
    const blown = await killAt(blow, { run, recordings: own, begun });
    await run.ended();
    await untilQuiet(own, begun);
    const processes = own.since(begun);
    const outcome = await run.outcome(processes, blown);
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
    endAll(own, begun);
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
