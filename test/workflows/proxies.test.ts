import type { ActivityOptions } from '@temporalio/workflow';
import { beforeEach, expect, test, vi } from 'vitest';
import { fileURLToPath } from 'node:url';
import { NON_RETRYABLE } from '../../src/contracts/failures.js';
import { loadPlan } from '../../src/cli/plan-file.js';

const seen: ActivityOptions[] = [];

vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<typeof import('@temporalio/workflow')>()),
  proxyActivities: (options: ActivityOptions) => {
    seen.push(options);
    return {};
  },
}));

beforeEach(async () => {
  seen.length = 0;
  vi.resetModules();
  const { gpuActivities, tracing } = await import('../../src/workflows/proxies.js');
  const plan = await loadPlan(fileURLToPath(new URL('../../plans/tiny.yaml', import.meta.url)));
  gpuActivities(plan);
  tracing(plan);
});

const of = (queue: string) => seen.filter(({ taskQueue }) => taskQueue === queue);

test('every proxy says what a cancel does; only the supervisor is not waited for', () => {
  expect(seen).toHaveLength(6);
  for (const { cancellationType } of seen) expect(cancellationType).toBeDefined();
  const waited = seen.filter((o) => o.cancellationType === 'WAIT_CANCELLATION_COMPLETED');
  expect(waited).toHaveLength(5);
  expect([...of('prep'), ...of('gpu-local')].every((o) => waited.includes(o))).toBe(true);
});

test('a GPU stage is retried for ever, a second apart, but for failures that stay', () => {
  const [options] = of('gpu-local');
  expect(options).toMatchObject({
    heartbeatTimeout: '5s',
    retry: { initialInterval: 1000, backoffCoefficient: 1 },
  });
  expect(options?.retry).not.toHaveProperty('maximumAttempts');
  expect(options?.retry?.nonRetryableErrorTypes).toEqual(NON_RETRYABLE);
});

test('a report waits an hour for its traces; no other GPU work has a limit', () => {
  const limits = of('gpu-local').map(({ scheduleToCloseTimeout }) => scheduleToCloseTimeout);
  expect(limits).toEqual([undefined, '1 hour']);
});

test('the report outlasts a store that is away for ten minutes', () => {
  const [reporting] = of('control').filter(({ retry }) => retry?.maximumAttempts !== undefined);
  const { backoffCoefficient = 1, maximumAttempts = 1 } = reporting!.retry!;
  expect(reporting!.retry).toMatchObject({ initialInterval: 2000, maximumInterval: 60_000 });
  let waited = 0;
  for (let retry = 0; retry < maximumAttempts - 1; retry += 1) {
    waited += Math.min(60, 2 * backoffCoefficient ** retry);
  }
  expect(waited).toBeGreaterThan(600);
});
