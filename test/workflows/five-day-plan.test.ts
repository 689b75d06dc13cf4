import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type StageName, stagesOf } from '../../src/contracts/stages.js';
import { until } from '../support/until.js';
import { stateOf, World } from './support/world.js';

/** Stages of a plan without a pilot. */
const PLAIN = stagesOf({});

let world: World;
beforeAll(async () => {
  world = await World.open();
}, 60_000);
afterAll(() => world.close(), 60_000);
beforeEach(() => {
  world.reset();
});

const statusOf = async (handle: WorkflowHandle, name: StageName) =>
  (await stateOf(handle)).stages.find((stage) => stage.name === name)?.status;

/** The stage holds: its attempt has published a checkpoint, and the plan has heard of it. */
const holds = (handle: WorkflowHandle, stage: StageName) =>
  until(`${stage} holds`, async () => {
    const { current } = await stateOf(handle);
    return current?.stage === stage && current.publishedStep !== null;
  });

const refusalOf = async (attempt: Promise<unknown>): Promise<string> => {
  const error = await attempt.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  return (error as WorkflowUpdateFailedError).cause?.message ?? '';
};

test('a plan goes through all stages, quotes, approves itself and ends with a summary', async () => {
  const handle = await world.start(await world.plan('whole'), 'whole');
  await handle.result();
  const state = await stateOf(handle);
  expect(state.stages.map(({ status }) => status)).toEqual(PLAIN.map(() => 'finished'));
  expect(state.quote?.trainSeconds).toBeCloseTo(1 + 600 * 0.5);
  expect(state.gate.approvedBy).toBe('the limit in the plan');
  const summary = world.summaryOf('whole');
  expect(summary).toMatchObject({ status: 'finished', training: { steps: 10 } });
  expect(summary.evaluation.after.arithmetic.n).toBe(2);
  expect(summary.evaluation.comparison).toEqual(state.compared);
  expect(state.compared).toMatchObject({ verdict: 'better', suites: [{ difference: 0.1 }] });
  expect(summary.model).toEqual(state.model);
  expect(summary.model).toMatchObject({ folder: '', store: { kind: 'local' } });
  expect(summary.model?.base?.digest).toBe('b'.repeat(64));
  expect(world.hosts.hosts.filter(({ alive }) => alive)).toEqual([]);
  const inputs = (stage: StageName) =>
    world.stages.ran.find((input) => input.stage === stage)?.inputs ?? {};
  expect(Object.keys(inputs('eval-before'))).toEqual(['model', 'tokenizer']);
  expect(Object.keys(inputs('eval-after'))).toEqual(['model', 'tokenizer']);
  // What has changed is judged by the answers before, and by the rows that were trained on.
  const joined = world.stages.joined.map(({ part }) => part);
  expect(joined).toEqual(['gather', 'gather', 'compare']);
  expect(world.stages.joined[2]?.inputs).toEqual({
    before: { digest: '1'.repeat(64), bytes: 1 },
    after: { digest: '1'.repeat(64), bytes: 1 },
    dataset: { digest: 'e'.repeat(64), bytes: 1 },
  });
});

test('hosts are given back before the report, which needs none', async () => {
  world.script['full-train'] = ['lose-host', 'finish'];
  world.aliveAtReport = null;
  await (await world.start(await world.plan('early-back'), 'early-back')).result();
  expect(world.hosts.hosts.map(({ planId }) => planId)).toContain('early-back');
  expect(world.aliveAtReport).toBe(0);
});

test('every activity of a plan says in the UI what it does', async () => {
  const handle = await world.start(await world.plan('told'), 'told');
  await handle.result();
  const { events } = await handle.fetchHistory();
  const scheduled = (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes);
  const untold = scheduled.filter((event) => !event.userMetadata?.summary?.data?.length);
  expect(scheduled.length).toBeGreaterThan(PLAIN.length);
  expect(untold.map((event) => event.activityTaskScheduledEventAttributes)).toEqual([]);
});

test('the same work under another plan id comes from its results', async () => {
  const first = await world.plan('paid-once');
  await (await world.start(first, first.id)).result();
  world.stages.ran.length = 0;
  const second = await world.start({ ...first, id: 'paid-never' }, 'paid-never');
  await second.result();
  expect(world.stages.ran).toEqual([]);
  const { stages } = await stateOf(second);
  expect(stages.filter(({ cached }) => cached).map(({ name }) => name)).toEqual(
    PLAIN.filter((name) => name !== 'report'),
  );
});

test('a lost host is news with a post-mortem, and the summary tells of it', async () => {
  world.script['full-train'] = ['lose-host', 'finish'];
  const handle = await world.start(await world.plan('survivor'), 'survivor');
  await handle.result();
  const { stages, interruptions } = world.summaryOf('survivor');
  expect(interruptions).toMatchObject([{ stage: 'full-train', kind: 'host-lost' }]);
  expect(stages.find(({ name }: { name: string }) => name === 'full-train').attempts).toBe(2);
});

test('pause stops after a checkpoint and gives the host back; resume goes on from it', async () => {
  world.script['full-train'] = ['hold'];
  const handle = await world.start(await world.plan('paused'), 'paused');
  await holds(handle, 'full-train');
  expect(await handle.executeUpdate('pause')).toContain('full-train');
  await until('paused', async () => (await stateOf(handle)).status === 'paused');
  expect(await statusOf(handle, 'full-train')).toBe('paused');
  expect(world.hosts.hosts.filter(({ alive }) => alive)).toEqual([]);
  expect(await refusalOf(handle.executeUpdate('pause'))).toContain('paused');
  await handle.executeUpdate('resume');
  await handle.result();
  expect(world.summaryOf('paused').stages[5]).toMatchObject({ status: 'finished', attempts: 2 });
});

test('cancel waits for the last checkpoint, gives hosts back and writes the summary', async () => {
  world.script['full-train'] = ['hold'];
  const handle = await world.start(await world.plan('cancelled'), 'cancelled');
  await holds(handle, 'full-train');
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  const training = { steps: 2, tokens: 20, finalLoss: 0.5, weightsSha256: null };
  expect(world.summaryOf('cancelled')).toMatchObject({ status: 'cancelled', training });
  expect(world.hosts.hosts.filter(({ alive }) => alive)).toEqual([]);
  const again = await world.start(await world.plan('cancelled'), 'cancelled');
  await again.result();
  const full = world.summaryOf('cancelled').stages[5];
  // It went on from the first run's checkpoint, in its own first attempt.
  expect(full).toMatchObject({ status: 'finished', attempts: 1 });
});

test('a cancel in the first GPU stage also gives its host back', async () => {
  world.script['smoke-train'] = ['hold'];
  const handle = await world.start(await world.plan('early'), 'early');
  await holds(handle, 'smoke-train');
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  expect(world.summaryOf('early').stages[3]).toMatchObject({ status: 'cancelled', attempts: 1 });
  expect(world.hosts.hosts.filter(({ alive }) => alive)).toEqual([]);
});

test('retryFrom on a running plan does that stage and what follows again, and nothing before', async () => {
  world.script['full-train'] = ['hold'];
  const handle = await world.start(await world.plan('again'), 'again');
  await holds(handle, 'full-train');
  world.stages.ran.length = 0;
  expect(await refusalOf(handle.executeUpdate('retryFrom'))).toContain('say from which stage');
  expect(await refusalOf(handle.executeUpdate('retryFrom', { args: [{ stage: 'report' }] }))).toBe(
    'report has not begun yet',
  );
  await handle.executeUpdate('retryFrom', { args: [{ stage: 'smoke-train' }] });
  await handle.result();
  expect(world.stages.ran.map(({ stage }) => stage)).toEqual(PLAIN.slice(3, 7));
});

test('a new run with retryFrom redoes from there', async () => {
  const plan = await world.plan('closed');
  await (await world.start(plan, plan.id)).result();
  world.stages.ran.length = 0;
  await (await world.start(plan, plan.id, { retryFrom: 'full-train' })).result();
  expect(world.stages.ran.map(({ stage }) => stage)).toEqual(['full-train', 'eval-after']);
});

test('damaged data fails the plan with its type, and the summary says so', async () => {
  world.script['convert'] = ['bad-data'];
  const plan = await world.plan('damaged');
  const data = { ...plan.data, seed: 99 };
  const handle = await world.start({ ...plan, data }, 'damaged');
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'BadData' } });
  const summary = world.summaryOf('damaged');
  expect(summary.status).toBe('failed');
  expect(summary.stages[1].status).toBe('failed');
});

test('what is no plan fails with every mistake instead of blocking', async () => {
  for (const [name, argument] of Object.entries({ nonsense: { id: 'nonsense' }, nothing: null })) {
    const handle = await world.start(argument, name);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'BadPlan' } });
  }
});

test('a plan that cannot be opened has ended for everybody who looks, and says why', async () => {
  const plan = { ...(await world.plan('unopened')), colour: 'green' };
  const handle = await world.start(plan, 'unopened');
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'BadPlan' } });
  const { status, failure } = await stateOf(handle);
  expect(status).toBe('failed');
  expect(failure).toMatch(/^Not a plan that dream-sft has resolved .*colour/);
});

test('a person ticks their own items only, and the dashboard shows it', async () => {
  world.script['full-train'] = ['hold'];
  const handle = await world.start(await world.plan('ticked'), 'ticked');
  await holds(handle, 'full-train');
  expect(await refusalOf(handle.executeUpdate('tick'))).toContain('say which item');
  expect(
    await refusalOf(handle.executeUpdate('tick', { args: [{ item: 'evaluated' }] })),
  ).toContain('ticked by the plan itself');
  await handle.executeUpdate('tick', { args: [{ item: 'watched' }] });
  expect((await stateOf(handle)).ticked).toHaveProperty('watched');
  await handle.executeUpdate('retryFrom', { args: [{ stage: 'full-train' }] });
  await handle.result();
});

test('what a person had ticked in the run before stands in the next', async () => {
  const plan = await world.plan('ticked-before');
  const read = { 'masked-diffusion-read': '2026-01-01T00:00:00.000Z' };
  const handle = await world.start(plan, plan.id, { ticked: read });
  await handle.result();
  expect((await stateOf(handle)).ticked).toMatchObject(read);
});
