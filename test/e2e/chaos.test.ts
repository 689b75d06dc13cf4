import { rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { drill } from '../../src/drill/drill.js';
import { checkpointFlipped } from '../../src/drill/faults/damaged.js';
import { frozenInPublish } from '../../src/drill/faults/in-publish.js';
import { hostKilled } from '../../src/drill/faults/killed.js';
import { NOTICED } from '../../src/drill/faults/noticed.js';
import type { TrialResult } from '../../src/drill/verdict.js';
import { TINY_PLAN } from '../helpers/plans.js';
import { temporaryHome } from '../helpers/system.js';

/** One of each kind: a loss, a zombie, a damaged checkpoint, a notice. `npm run chaos` has them all. */
const KINDS = [hostKilled, frozenInPublish, checkpointFlipped, NOTICED[0]!];
/** CHAOS_TRIALS=2 takes the first two. */
const FAULTS = KINDS.slice(0, Number(process.env['CHAOS_TRIALS'] ?? KINDS.length));
const LOSSES: readonly string[] = [hostKilled.name, checkpointFlipped.name];

const home = temporaryHome();
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

test('a plan struck by fault after fault ends with the weights and the order of the straight run', async () => {
  const seen: TrialResult[] = [];
  const results = await drill({
    ...{ home, planFile: TINY_PLAN, faults: FAULTS, trials: FAULTS.length, seed: 1 },
    signal: new AbortController().signal,
    onTrial: (result) => void seen.push(result),
  });
  expect(seen).toEqual(results);
  expect(results.map(({ fault, failures }) => [fault, failures])).toEqual(
    FAULTS.map(({ name }) => [name, []]),
  );
  for (const result of results) {
    const { fault, stepsLost, stepsRepeated, zombieWritesRefused } = result;
    expect(result).toMatchObject({ sameWeights: true, sameOrder: true, zombieWritesInJournal: 0 });
    expect(result.attempts).toBeGreaterThan(1);
    if (LOSSES.includes(fault)) expect(stepsRepeated).toBeGreaterThan(0);
    if (fault === frozenInPublish.name) expect(zombieWritesRefused).toBeGreaterThan(0);
    if (fault === NOTICED[0]!.name) expect([stepsLost, stepsRepeated]).toEqual([0, 0]);
  }
}, 1_800_000);
