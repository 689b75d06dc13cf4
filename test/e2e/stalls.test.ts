import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlan } from '../../src/cli/start-plan.js';
import { readSummary } from '../../src/cli/summary-file.js';
import { smallPlan } from '../helpers/plans.js';
import { chainOf } from '../helpers/results.js';
import { System } from '../helpers/system.js';
import { closed, midway } from '../helpers/watching.js';

let system: System;
beforeAll(async () => {
  system = await System.start();
});
afterAll(() => system?.close());

test.each([
  // Of two lengths: the same training would be taken over from the other plan.
  { profile: 'demo', stallMs: 2000, steps: 150 },
  { profile: 'default', stallMs: 15_000, steps: 160 },
])(
  'a GPU worker that stands still for $stallMs ms keeps its stage (hosts.heartbeat=$profile)',
  async ({ profile, stallMs, steps }) => {
    const id = `stall-${profile}`;
    const settings = [`hosts.heartbeat=${profile}`, `training.steps=${steps}`];
    await startPlan(
      system.client,
      await smallPlan(id, [...settings, 'evaluation.suites.0.questions=8']),
    );
    const { workerPid } = await midway(system, id, 'full-train');
    process.kill(workerPid, 'SIGSTOP');
    // The stall itself: nothing is waited for.
    await sleep(stallMs);
    process.kill(workerPid, 'SIGCONT');
    expect(await closed(system, id)).toBe('COMPLETED');
    const { chain } = (await chainOf(system.store, id, 'full-train'))!;
    expect(chain.attempts).toHaveLength(1);
    const summary = await readSummary(system.home, id);
    expect(summary.interruptions).toEqual([]);
    expect(summary.training?.steps).toBe(steps);
  },
);
