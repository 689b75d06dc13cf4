import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StageName } from '../../src/contracts/stages.js';
import type { PlanState } from '../../src/contracts/state.js';
import { chainsOf } from '../helpers/results.js';
import { until } from '../helpers/watching.js';
import type { Act } from '../workflows/support/scripted-stages.js';
import { stateOf, World } from '../workflows/support/world.js';

const DOOMED = fileURLToPath(new URL('../workflows/support/doomed-host.mjs', import.meta.url));

/** The long run: PREEMPTIONS=1000 KILLS=20 npx vitest run test/e2e/preemptions.test.ts (bench/README.md). */
const PREEMPTIONS = Number(process.env['PREEMPTIONS'] ?? 100);
/** Of them by SIGKILL of the process of a host, which the server notices by its heartbeat timeout. */
const KILLS = Number(process.env['KILLS'] ?? 2);
/** Side by side: the server waits a second before each further attempt. */
const SHARDS = 10;
const EVENTS = 1500;
const LONG_MS = PREEMPTIONS * 5000;

let world: World;
beforeAll(async () => {
  world = await World.open({ hosts: 'later' });
}, 180_000);
afterAll(() => world?.close(), 60_000);

/** Its next attempt is taken by a process that is killed at its work. */
async function killHost(number: number): Promise<void> {
  const args = [DOOMED, world.address, world.home, `doomed-${number}`];
  const host = execa(process.execPath, args, { reject: false });
  await new Promise<void>((resolve) => host.stdout.once('data', () => resolve()));
  host.kill('SIGKILL');
  expect((await host).signal).toBe('SIGKILL');
}

async function plan() {
  const given = await world.plan('preempted');
  const suites = [{ name: 'arithmetic', questions: 200, seed: given.training.seed } as const];
  const evaluation = { ...given.evaluation, suites, shards: SHARDS, batchSize: 20 };
  return { ...given, evaluation };
}

/** Attempts that ended without a word. */
async function lostIn(stage: StageName): Promise<number> {
  const chains = await chainsOf(world.store, 'preempted', stage);
  const attempts = chains.flatMap(({ chain }) => chain.attempts);
  return attempts.filter(({ ended }) => ended === null).length;
}

/** Every run of the plan, with its events. */
async function historiesOf(workflowId: string) {
  const runs = world.client.workflow.list({ query: `WorkflowId = '${workflowId}'` });
  const histories = [];
  for await (const history of runs.intoHistories()) histories.push(history);
  return histories;
}

test(
  `${PREEMPTIONS} preemptions are counted to the last one, and cost the history next to nothing`,
  async () => {
    const given = await plan();
    const handle = await world.start(given, given.id);
    for (let number = 1; number <= KILLS; number += 1) await killHost(number);
    world.script['eval-before'] = [...Array<Act>(PREEMPTIONS - KILLS).fill('lose-host'), 'hold'];
    await world.startHosts();

    // While the stage that lost them still runs, by signals alone.
    const knowsOfAll = (state: PlanState) => state.interruptions.length >= PREEMPTIONS;
    await until(world, given.id, 'knows of all', knowsOfAll, LONG_MS);
    await handle.executeUpdate('pause');
    await until(world, given.id, 'is paused', ({ status }) => status === 'paused', LONG_MS);
    await handle.executeUpdate('resume');
    await handle.result();

    // By the journals: a busy machine may miss a heartbeat by itself, which is a loss like others.
    const [killed, told] = [await lostIn('smoke-train'), await lostIn('eval-before')];
    expect(killed).toBeGreaterThanOrEqual(KILLS);
    expect(told).toBeGreaterThanOrEqual(PREEMPTIONS - KILLS);
    const { interruptions } = await stateOf(handle);
    const inStage = (name: StageName) => interruptions.filter(({ stage }) => stage === name).length;
    expect([inStage('smoke-train'), inStage('eval-before')]).toEqual([killed, told]);
    expect(world.summaryOf(given.id).interruptions).toHaveLength(interruptions.length);

    const histories = await historiesOf(given.id);
    expect(histories.length).toBeGreaterThan(0);
    const events = histories.flatMap(({ history }) => history.events ?? []).length;
    process.stdout.write(`${PREEMPTIONS} preemptions, ${KILLS} of them kills: ${events} events\n`);
    expect(events).toBeLessThanOrEqual(EVENTS);
    for (const { workflowId, history } of histories) {
      await Worker.runReplayHistory({ workflowBundle: world.bundle }, history, workflowId);
    }
  },
  2 * LONG_MS,
);
