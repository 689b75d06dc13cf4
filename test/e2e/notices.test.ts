import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startPlan } from '../../src/cli/start-plan.js';
import { type MockCloudServer, startMockCloud } from '../../src/mock-cloud/server.js';
import { eventually } from '../helpers/deadline.js';
import { smallPlan } from '../helpers/plans.js';
import { chainOf } from '../helpers/results.js';
import { System } from '../helpers/system.js';

/** A busy machine is slow, not wrong. */
const soon = <T>(what: string, look: () => Promise<T>) => eventually(what, look, 240_000);

let mock: MockCloudServer;
let system: System;

beforeAll(async () => {
  mock = await startMockCloud();
  // As a person sets it; the hosts that the plan starts inherit it.
  vi.stubEnv('DREAM_SFT_CLOUD', 'aws');
  vi.stubEnv('DREAM_SFT_AWS_URL', mock.endpoints.aws);
  vi.stubEnv('DREAM_SFT_AWS_POLL_MS', '50');
  system = await System.start();
}, 60_000);

afterAll(async () => {
  await system?.close();
  await mock?.close();
  vi.unstubAllEnvs();
});

test('told by its cloud, a host hands its training over and no step is lost', async () => {
  const id = 'noticed';
  await startPlan(system.client, await smallPlan(id, ['evaluation.suites.0.questions=8']));
  const chain = async () => (await chainOf(system.store, id, 'full-train'))?.chain;
  const published = await soon('a checkpoint', async () => (await chain())?.newest);
  mock.tell('aws', { noticeAfterSeconds: 0, stopAfterSeconds: 120, tokens: 'required' });
  const first = await soon('handed over', async () => (await chain())?.attempts[0]?.ended);
  // The next host stands elsewhere, where nobody is told to go.
  mock.tell('aws', {});
  expect(first).toMatchObject({
    how: 'preempted',
    notice: { kind: 'stop', source: 'aws', action: 'terminate' },
    message: expect.stringMatching(/^aws takes this host \(terminate, told \d+ s before/),
  });
  expect(first.step).toBeGreaterThanOrEqual(published.step);

  await soon('new steps', async () => (await chain())?.postMortems[0]);
  const { attempts, postMortems, refused } = (await chain())!;
  expect(attempts).toHaveLength(2);
  const [left, next] = attempts;
  expect(left!.publishedSteps.at(-1)).toBe(first.step);
  expect(next!.host).not.toBe(left!.host);
  expect(postMortems).toMatchObject([
    {
      kind: 'preempted',
      noticeSeen: true,
      notice: { source: 'aws', action: 'terminate' },
      newestStepKnown: first.step,
      resumedFromStep: first.step,
      stepsLost: 0,
    },
  ]);
  expect(refused).toEqual([]);
});
