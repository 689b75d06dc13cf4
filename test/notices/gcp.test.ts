import { expect, it } from 'vitest';
import { until } from '../support/until.js';
import { cloudContract } from './cloud.contract.js';
import { watched } from './support/watched.js';

cloudContract({
  name: 'gcp',
  action: 'preempted',
  tellsTime: false,
  withoutTime: true,
  tokens: false,
  hangs: true,
});

it('one request hangs until the word changes', async () => {
  const { notice, notices, server, tell } = await watched('gcp', {}, { requestMs: 50 });
  await until('one that hangs', () => server.requests.gcp.at(-1)?.status === null);
  expect(notices).toEqual([]);
  tell({ noticeAfterSeconds: 0 });
  await notice();
  expect(server.requests.gcp.slice(0, 2)).toEqual([
    { request: 'GET /computeMetadata/v1/instance/preempted', status: 200 },
    { request: 'GET /computeMetadata/v1/instance/preempted', status: 200 },
  ]);
});

it('a change between two requests is told at once', async () => {
  const { asked, notice, tell } = await watched('gcp', {}, { pollMs: 20 });
  await asked(1);
  tell({ noticeAfterSeconds: 0.01 });
  expect(await notice()).toMatchObject({ kind: 'stop', action: 'preempted' });
});
