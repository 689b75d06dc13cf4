import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Chain } from '../../src/store/chain.js';
import { openStore } from '../../src/store/open-store.js';
import { until } from '../support/until.js';
import { stateOf, World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await World.open();
}, 60_000);
afterAll(() => world.close(), 60_000);
beforeEach(() => {
  world.reset();
});

test('training that diverged is evaluated from its last checkpoint', async () => {
  world.script['full-train'] = ['diverge'];
  const handle = await world.start(await world.plan('diverged'), 'diverged');
  await handle.result();
  expect(world.summaryOf('diverged').stages[5].status).toBe('stopped');
  const last = world.stages.ran.at(-1);
  expect(last).toMatchObject({ stage: 'eval-after', configuration: { modelFolder: 'model' } });
  const { training, evaluation } = world.summaryOf('diverged');
  expect(training).toMatchObject({ steps: 1, tokens: 10, finalLoss: 1, tokensPerSecond: 40 });
  expect(evaluation.after.arithmetic.n).toBe(2);
});

test('a plan started again goes on with the chain of a training that stopped; a retry begins another', async () => {
  world.script['full-train'] = ['diverge', 'finish', 'finish'];
  const plan = await world.plan('went-on');
  await (await world.start(plan, plan.id)).result();
  await (await world.start(plan, plan.id)).result();
  expect(world.summaryOf(plan.id).stages[5]).toMatchObject({ status: 'finished', cached: false });
  await (await world.start(plan, plan.id, { retryFrom: 'full-train' })).result();
  const finished = world.stages.ran.filter(({ stage }) => stage === 'full-train');
  const store = await openStore({ kind: 'local' }, world.home);
  const chains = await Promise.all(
    finished.map(({ stageKey }) => new Chain(store, stageKey).fold()),
  );
  const endings = chains.map(({ attempts }) => attempts.map(({ ended }) => ended?.how));
  expect(endings).toEqual([['failed', 'finished'], ['finished']]);
});

test('training stops with a checkpoint before the cap is passed; the plan evaluates and reports it', async () => {
  world.script['full-train'] = ['hold'];
  const plan = await world.plan('capped', {
    // 100 fen a second: training may spend what two seconds cost.
    money: { capFen: 100_000, reserveFen: 99_800, approveBelowFen: 100_000 },
  });
  const hosts = { ...plan.hosts, pricePerHourFen: 360_000 };
  const handle = await world.start({ ...plan, hosts }, plan.id);
  await handle.result();
  const state = await stateOf(handle);
  expect(state.stoppedAtCap).toBe(true);
  const ended = ['finished', 'finished', 'finished', 'finished', 'finished', 'stopped'];
  expect(state.stages.map(({ status }) => status)).toEqual([...ended, 'finished', 'finished']);
  const { training, evaluation, spend, report, model } = world.summaryOf('capped');
  expect(model).toEqual({ ...state.model, folder: 'model' });
  // The hold publishes step 1, and step 2 when it is told to stop.
  expect(training).toMatchObject({ steps: 2, tokens: 20, finalLoss: 0.5, weightsSha256: null });
  expect(evaluation.after.arithmetic.n).toBe(2);
  expect(report.html).toContain('report.html');
  expect(spend.totalFen).toBeGreaterThanOrEqual(200);
  expect(spend.totalFen).toBeLessThan(100_000);
  const after = world.stages.ran.at(-1);
  expect(after).toMatchObject({ stage: 'eval-after', configuration: { modelFolder: 'model' } });
  const { interruptions } = world.summaryOf('capped');
  expect(interruptions).toEqual([]);
});

test('an earlier run’s attempts and interruptions under the same stage key are not this run’s', async () => {
  world.script['full-train'] = ['lose-host', 'hold'];
  const plan = await world.plan('twice');
  const first = await world.start(plan, plan.id);
  await until('the second attempt holds', async () => {
    const { current } = await stateOf(first);
    return current?.stage === 'full-train' && current.interruptions === 1;
  });
  await first.cancel();
  await expect(first.result()).rejects.toThrow();
  const before = world.summaryOf('twice');
  expect(before.interruptions).toMatchObject([{ stage: 'full-train', kind: 'host-lost' }]);
  expect(before.stages[5]).toMatchObject({ status: 'cancelled', attempts: 2 });
  await (await world.start(plan, plan.id)).result();
  const after = world.summaryOf('twice');
  expect(after.interruptions).toEqual([]);
  expect(after.stages[5]).toMatchObject({ status: 'finished', attempts: 1 });
});
