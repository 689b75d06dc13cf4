import { QueryNotRegisteredError, ServiceError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { untilAnswered } from '../../src/cli/until-answered.js';

/** As gRPC makes them, wrapped as the SDK wraps them. */
function failedWith(code: number): Error {
  const cause = Object.assign(new Error(`code ${code}`), { code, details: '', metadata: {} });
  return new ServiceError('Failed to query Workflow', { cause });
}

/** Fails so often, then answers. */
function busy(error: Error, times: number) {
  let asked = 0;
  const ask = async (): Promise<string> => {
    asked += 1;
    if (asked <= times) throw error;
    return 'here';
  };
  return { ask, times: () => asked };
}

test.each([1, 2, 8, 9, 10, 13])('gRPC code %i passes: the plan is asked again', async (code) => {
  const { ask, times } = busy(failedWith(code), 1);
  expect(await untilAnswered('p', ask, 60_000)).toBe('here');
  expect(times()).toBe(2);
});

test('who is busy until the time is over has not answered, and that is said', async () => {
  const { ask } = busy(failedWith(8), Infinity);
  await expect(untilAnswered('p', ask, 0)).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining('Plan p did not answer'),
  });
});

test.each([failedWith(4), new QueryNotRegisteredError('no state', 3)])(
  '%s: nobody answers, and nobody is asked again',
  async (error) => {
    const { ask, times } = busy(error, Infinity);
    await expect(untilAnswered('p', ask)).rejects.toMatchObject({ exitCode: 3 });
    expect(times()).toBe(1);
  },
);

test.each([failedWith(14), failedWith(5), new TypeError('a mistake of ours')])(
  '%s is somebody else’s to tell',
  async (error) => {
    await expect(untilAnswered('p', busy(error, Infinity).ask)).rejects.toBe(error);
  },
);
