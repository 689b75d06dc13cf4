// Trials of one system and fault in one line. Pure.
import { median, round } from '../measure.mjs';

export function summarise(results) {
  const groups = Map.groupBy
    ? Map.groupBy(results, keyOf)
    : results.reduce((map, r) => map.set(keyOf(r), [...(map.get(keyOf(r)) ?? []), r]), new Map());
  return [...groups.values()].map(lineOf);
}

const keyOf = ({ system, fault }) => `${system} ${fault}`;

function lineOf(trials) {
  const of = (name) => trials.map((trial) => trial[name]).filter((value) => value !== null);
  const middle = (name) => (of(name).length === 0 ? null : round(median(of(name)), 2));
  const sum = (name) => of(name).reduce((total, value) => total + value, 0);
  return {
    system: trials[0].system,
    fault: trials[0].fault,
    trials: trials.length,
    noticed: of('detectedAfterSeconds').length,
    detectedAfterSeconds: middle('detectedAfterSeconds'),
    resumedAfterSeconds: middle('resumedAfterSeconds'),
    stepsLost: middle('stepsLost'),
    stepsRepeated: middle('stepsRepeated'),
    zombieWritesAccepted: sum('zombieWritesAccepted'),
    zombieWritesRefused: sum('zombieWritesRefused'),
    finished: trials.filter(({ ended }) => ended === 'finished').length,
    sameHashes: trials.filter(({ sameWeights, sameOrder }) => sameWeights && sameOrder).length,
  };
}

const COLUMNS = [
  ['system', ({ system }) => system],
  ['fault', ({ fault }) => fault],
  ['next trainer after, s', (l) => l.detectedAfterSeconds],
  ['first new step after, s', (l) => l.resumedAfterSeconds],
  ['steps lost', (l) => l.stepsLost],
  ['steps repeated', (l) => l.stepsRepeated],
  ['zombie writes accepted', (l) => l.zombieWritesAccepted],
  ['hashes equal', (l) => `${l.sameHashes} of ${l.trials}`],
];

export function tableOf(results) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return [
    row(COLUMNS.map(([title]) => title)),
    row(COLUMNS.map(() => '---')),
    ...summarise(results).map((line) => row(COLUMNS.map(([, cell]) => cell(line) ?? '–'))),
  ].join('\n');
}
