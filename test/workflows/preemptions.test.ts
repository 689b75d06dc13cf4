import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../helpers/deadline.js';
import type { Act } from './support/scripted-stages.js';
import { stateOf, World } from './support/world.js';

const DOOMED = fileURLToPath(new URL('./support/doomed-host.mjs', import.meta.url));

/** The long run: PREEMPTIONS=1000 KILLS=20 npx vitest run test/workflows/preemptions.test.ts (bench/README.md). */
const PREEMPTIONS = Number(process.env['PREEMPTIONS'] ?? 100);
/** Of them by SIGKILL of the process of a host, which the server notices by its heartbeat timeout. */
const KILLS = Number(process.env['KILLS'] ?? 2);
/** Side by side: the server waits a second before each further attempt. */
const SHARDS = 10;
const EVENTS = 1500;

let world: World;
beforeAll(async () => {
  world = await World.open({ hosts: 'later' });
}, 60_000);
afterAll(() => world.close(), 60_000);

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
    const told = PREEMPTIONS - KILLS;
    world.script['eval-before'] = [...Array<Act>(told).fill('lose-host'), 'hold'];
    await world.startHosts();

    // While the stage that lost them still runs, by signals alone.
    await eventually(
      'the running plan knows of all',
      async () => {
        const { interruptions } = await stateOf(handle);
        expect(interruptions.length).toBeLessThanOrEqual(PREEMPTIONS);
        return interruptions.length === PREEMPTIONS;
      },
      Infinity,
    );
    await handle.executeUpdate('pause');
    await eventually('it is paused', async () => (await stateOf(handle)).status === 'paused');
    await handle.executeUpdate('resume');
    await handle.result();

    const { interruptions, stages } = await stateOf(handle);
    expect(interruptions).toHaveLength(PREEMPTIONS);
    const byStage = (name: string) => interruptions.filter(({ stage }) => stage === name).length;
    expect([byStage('smoke-train'), byStage('eval-before')]).toEqual([KILLS, told]);
    expect(world.summaryOf(given.id).interruptions).toHaveLength(PREEMPTIONS);
    const attempts = stages.map(({ name, attempts: of }) => [name, of]);
    expect(attempts).toContainEqual(['smoke-train', KILLS + 1]);

    const histories = await historiesOf(given.id);
    expect(histories.length).toBeGreaterThan(0);
    const events = histories.flatMap(({ history }) => history.events ?? []).length;
    process.stdout.write(`${PREEMPTIONS} preemptions, ${KILLS} of them kills: ${events} events\n`);
    expect(events).toBeLessThanOrEqual(EVENTS);
    for (const { workflowId, history } of histories) {
      await Worker.runReplayHistory({ workflowBundle: world.bundle }, history, workflowId);
    }
  },
  PREEMPTIONS * 10_000,
);
