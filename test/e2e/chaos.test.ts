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

/** One of each kind: a loss, a damaged checkpoint, a zombie, a notice. `npm run chaos` has them all. */
const FAULTS = [hostKilled, checkpointFlipped, frozenInPublish, NOTICED[0]!];

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
    expect(result).toMatchObject({ sameWeights: true, sameOrder: true, zombieWritesInJournal: 0 });
    expect(result.attempts).toBeGreaterThan(1);
  }
  const [killed, flipped, zombie, noticed] = results;
  for (const lost of [killed, flipped]) expect(lost!.stepsRepeated).toBeGreaterThan(0);
  expect(zombie!.zombieWritesRefused).toBeGreaterThan(0);
  expect([noticed!.stepsLost, noticed!.stepsRepeated]).toEqual([0, 0]);
}, 1_800_000);
