import { addUp } from '../contracts/answering.js';
import type { StageProgress } from '../contracts/progress.js';

/** Shards at work side by side, as one; what has no sum is that of the first. */
export function progressOfShards(shards: readonly StageProgress[]): StageProgress | null {
  const [first, ...others] = shards;
  if (first === undefined || others.length === 0) return first ?? null;
  const totals = shards.flatMap(({ total }) => total ?? []);
  return {
    ...first,
    done: sum(shards.map(({ done }) => done)),
    total: totals.length === shards.length ? sum(totals) : null,
    tallies: addUp(shards.flatMap(({ tallies }) => tallies)),
    etaSeconds: mostOf(shards.map(({ etaSeconds }) => etaSeconds)),
    tokensPerSecond: sumOf(shards.map(({ tokensPerSecond }) => tokensPerSecond)),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

const known = (numbers: readonly (number | null)[]): number[] =>
  numbers.filter((one) => one !== null);

/** The slowest tells when all are done. */
const mostOf = (numbers: readonly (number | null)[]): number | null =>
  known(numbers).length > 0 ? Math.max(...known(numbers)) : null;

const sumOf = (numbers: readonly (number | null)[]): number | null =>
  known(numbers).length > 0 ? sum(known(numbers)) : null;
