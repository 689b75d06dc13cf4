import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readProgress } from '../../src/cli/plan-handle.js';
import { startPlan } from '../../src/cli/start-plan.js';
import { readSummary } from '../../src/cli/summary-file.js';
import { signalGroup } from '../../src/processes/identity.js';
import type { ChainState } from '../../src/store/fold-chain.js';
import { eventually } from '../helpers/deadline.js';
import { startHost, startStoppingHost } from '../helpers/hosts.js';
import { smallPlan } from '../helpers/plans.js';
import { chainOf } from '../helpers/results.js';
import { System } from '../helpers/system.js';
import { closed, midway } from '../helpers/watching.js';

const SETTINGS = ['training.steps=150', 'evaluation.suites.0.questions=8'];

let system: System;
beforeEach(async () => {
  system = await System.start();
});
afterEach(() => system.close());

/** Until the host `id` has published in full-train. */
function published(planId: string, id: string): Promise<ChainState> {
  return eventually(`${id} publishes`, async () => {
    const found = await chainOf(system.store, planId, 'full-train');
    const newest = found?.chain.attempts.at(-1);
    return newest?.host === id && newest.publishedSteps.length > 0 ? found!.chain : null;
  });
}

/** Everything of the older token lies before the newer one's `acquired`: the newest token won. */
function expectNewestWins(chain: ChainState): void {
  for (const each of chain.published) {
    const newer = chain.attempts.find(({ token }) => token > each.token);
    if (newer) expect(each.seq).toBeLessThan(newer.token);
  }
  const steps = chain.published.map(({ step }) => step);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(chain.newest?.token).toBe(chain.newestToken);
}

test('a host stopped in training past the heartbeat timeout publishes nothing when it wakes', async () => {
  const id = 'zombie-in-training';
  await startPlan(system.client, await smallPlan(id, SETTINGS));
  const { workerPid, trainerPid } = await midway(system, id, 'full-train');
  process.kill(workerPid, 'SIGSTOP');
  signalGroup(trainerPid, 'SIGSTOP');
  await startHost(system, 'second');
  await published(id, 'second');
  signalGroup(trainerPid, 'SIGCONT');
  process.kill(workerPid, 'SIGCONT');
  expect(await closed(system, id)).toBe('COMPLETED');
  const { chain } = (await chainOf(system.store, id, 'full-train'))!;
  expect(chain.attempts.map(({ host }) => host).at(-1)).toBe('second');
  expectNewestWins(chain);
  const summary = await readSummary(system.home, id);
  expect(summary.training?.steps).toBe(150);
  expect(summary.interruptions.map(({ stage, kind }) => [stage, kind])).toEqual([
    ['full-train', 'host-lost'],
  ]);
});

test('a host stopped between validation and the journal write is refused, and the refusal stands', async () => {
  const id = 'zombie-in-publish';
  const first = await startStoppingHost(system, 'first');
  try {
    await startPlan(system.client, await smallPlan(id, [...SETTINGS, 'hosts.provider=manual']));
    await eventually('the first host stops itself', () => existsSync(first.marker));
    const progress = await readProgress(system.client, id);
    signalGroup(progress!.trainerPid!, 'SIGSTOP');
    await startHost(system, 'second');
    const before = await published(id, 'second');
    const [zombie, living] = before.attempts;
    process.kill(first.pid, 'SIGCONT');
    signalGroup(progress!.trainerPid!, 'SIGCONT');
    const after = await eventually('the refusal is journalled', async () => {
      const found = await chainOf(system.store, id, 'full-train');
      return found?.chain.refused.some(({ manifest }) => manifest !== null) ? found.chain : null;
    });
    const refused = after.refused.find(({ manifest }) => manifest !== null)!;
    expect([refused.token, refused.newestToken]).toEqual([zombie!.token, living!.token]);
    expect(refused.seq).toBeGreaterThan(before.newest!.seq);
    expect(await closed(system, id)).toBe('COMPLETED');
    expectNewestWins((await chainOf(system.store, id, 'full-train'))!.chain);
  } finally {
    first.end();
  }
});
