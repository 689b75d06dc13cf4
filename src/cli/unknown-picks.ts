import { distance } from 'fastest-levenshtein';
import type { CaseRef } from '../contracts/trace.js';

/** So many near matches help; more are a list to search. */
const MOST_NEAR = 3;

/** A sentence for each pick that is no question of the evaluation; none: all of them are. */
export function unknownPicks(picks: readonly CaseRef[], asked: readonly CaseRef[]): string[] {
  const bySuite = new Map<string, string[]>();
  for (const { suite, id } of asked) bySuite.set(suite, [...(bySuite.get(suite) ?? []), id]);
  return picks.flatMap(({ suite, id }) => {
    const ids = bySuite.get(suite);
    if (ids?.includes(id)) return [];
    const named = `--pick ${suite}:${id}`;
    if (ids === undefined) {
      const suites = [...bySuite.keys()].join(', ');
      return [`${named}: the evaluation has no suite ${suite}; it has ${suites}.`];
    }
    const near = nearest(id, ids).map((one) => `${suite}:${one}`);
    return [
      `${named} is none of the ${ids.length} questions of ${suite}; near: ${near.join(', ')}.`,
    ];
  });
}

/** By letters that differ; of equally near ones those that stand first. */
function nearest(id: string, ids: readonly string[]): string[] {
  const far = new Map(ids.map((one) => [one, distance(id, one)]));
  return ids.toSorted((a, b) => far.get(a)! - far.get(b)!).slice(0, MOST_NEAR);
}
