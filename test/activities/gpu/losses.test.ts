import { expect, onTestFinished, test, vi } from 'vitest';
import { Losses } from '../../../src/activities/gpu/losses.js';
import { Chain } from '../../../src/store/chain.js';
import { openLab, quietEnvironment, stageOf } from '../support/lab.js';

test('a post-mortem that the store did not take is written at the next step', async () => {
  const lab = await openLab();
  onTestFinished(() => lab.close());
  const input = await stageOf(lab, 'full-train', [{}]);
  const chain = new Chain(lab.store, input.stageKey);
  const who = { planId: 'p', stage: 'full-train', host: 'host-a', boot: 'b', attempt: 1 } as const;
  const { token } = await chain.acquire(who);
  await chain.end(token, 'crashed', 3, 'it broke');
  const before = await chain.fold();
  const losses = await quietEnvironment({ attempt: 2 }).run(
    async () => new Losses(lab.deps, input, chain, before),
  );
  const away = vi.spyOn(chain, 'postMortem').mockRejectedValueOnce(new Error('the store is away'));
  await expect(losses.writeAt(2)).rejects.toThrow('the store is away');
  await losses.writeAt(2);
  away.mockRestore();
  const { postMortems } = await chain.fold();
  expect(postMortems.map(({ lostToken }) => lostToken)).toEqual([token]);
});
