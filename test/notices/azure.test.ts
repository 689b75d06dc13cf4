import { expect, it } from 'vitest';
import { cloudContract } from './cloud.contract.js';
import { watched } from './support/watched.js';

cloudContract({
  name: 'azure',
  action: 'Preempt',
  tellsTime: true,
  withoutTime: true,
  tokens: false,
});

it.each(['Preempt', 'Terminate', 'Redeploy', 'Reboot'])('%s takes the host', async (action) => {
  const { notice } = await watched('azure', { noticeAfterSeconds: 0, action });
  expect(await notice()).toMatchObject({ kind: 'stop', action });
});

it('a freeze does not, nor does what happens to another machine of the set', async () => {
  const { asked, notices } = await watched('azure', { noticeAfterSeconds: 0, action: 'Freeze' });
  await asked(8);
  expect(notices).toEqual([]);
});
