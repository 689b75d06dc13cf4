import { expect, it } from 'vitest';
import { cloudContract } from './cloud.contract.js';
import { watched } from './support/watched.js';

cloudContract({
  name: 'aws',
  action: 'terminate',
  tellsTime: true,
  withoutTime: true,
  tokens: true,
});

it('tells what becomes of the instance; hibernation begins at once', async () => {
  const stop = await watched('aws', { noticeAfterSeconds: 0, action: 'stop' });
  expect(await stop.notice()).toMatchObject({ kind: 'stop', action: 'stop' });
  const sleep = await watched('aws', { noticeAfterSeconds: 0, action: 'hibernate' });
  const seen = await sleep.notice();
  expect(seen).toMatchObject({ action: 'hibernate', stopAt: seen.seenAt });
});

it('an action that nobody knows is no notice', async () => {
  const { asked, notices } = await watched('aws', { noticeAfterSeconds: 0, action: 'dance' });
  await asked(8);
  expect(notices).toEqual([]);
});

it('a rebalance recommendation is told apart from the stop that may follow', async () => {
  const { notice, tell } = await watched('aws', { rebalanceAfterSeconds: 0 });
  expect(await notice()).toMatchObject({ kind: 'rebalance', source: 'aws', stopAt: null });
  tell({ rebalanceAfterSeconds: 0, noticeAfterSeconds: 0 });
  expect(await notice()).toMatchObject({ kind: 'stop', action: 'terminate' });
});
