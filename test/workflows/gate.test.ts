import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
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

const refusalOf = async (attempt: Promise<unknown>): Promise<string> => {
  const error = await attempt.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  return (error as WorkflowUpdateFailedError).cause?.message ?? '';
};

test('what earlier runs of a plan have spent counts, also where nothing dear is done again', async () => {
  const plan = await world.plan('spender');
  const dear = { ...plan, hosts: { ...plan.hosts, pricePerHourFen: 360_000 } };
  const money = { capFen: 1_000_000, reserveFen: 0, approveBelowFen: 1_000_000 };
  await (await world.start({ ...dear, money }, plan.id)).result();
  const spent = world.summaryOf(plan.id).spend.totalFen;
  expect(spent).toBeGreaterThan(0);
  const again = await world.start({ ...dear, money }, plan.id, { retryFrom: 'report' });
  await again.result();
  expect(world.summaryOf(plan.id).spend.totalFen).toBe(spent);
  expect((await stateOf(again)).spentFen).toBe(spent);
});

test('a dear quote waits at the gate without a host until somebody approves', async () => {
  // The second attempt comes a second later: time enough for the supervisor to see to a host.
  world.script['smoke-train'] = ['lose-host', 'finish'];
  const plan = await world.plan('gated', {
    money: { capFen: 500, reserveFen: 0, approveBelowFen: 0 },
  });
  const handle = await world.start(plan, plan.id);
  await until('waits', async () => (await stateOf(handle)).status === 'awaiting-approval');
  expect(world.hosts.hosts.map(({ planId }) => planId)).toContain('gated');
  expect(world.hosts.hosts.filter(({ alive }) => alive)).toEqual([]);
  expect(await refusalOf(handle.executeUpdate('pause'))).toContain('awaiting-approval');
  await handle.executeUpdate('approve', { args: [{ by: 'somebody' }] });
  await handle.result();
  expect((await stateOf(handle)).gate.approvedBy).toBe('somebody');
});

test('a pause asked for while hosts go back before the gate is kept, and nothing is left of it', async () => {
  world.script['smoke-train'] = ['lose-host', 'finish'];
  const money = { capFen: 500, reserveFen: 0, approveBelowFen: 0 };
  const plan = await world.plan('paused-at-gate', { money });
  const handle = await world.start(plan, plan.id);
  world.hosts.meanwhile = () => handle.executeUpdate('pause');
  await until('is paused', async () => (await stateOf(handle)).status === 'paused');
  await handle.executeUpdate('resume');
  await until('waits', async () => (await stateOf(handle)).status === 'awaiting-approval');
  await handle.executeUpdate('retryFrom', { args: [{ stage: 'smoke-train' }] });
  await until('waits again', async () => (await stateOf(handle)).status === 'awaiting-approval');
  await handle.executeUpdate('approve');
  await handle.result();
  expect(world.summaryOf(plan.id).status).toBe('finished');
});
