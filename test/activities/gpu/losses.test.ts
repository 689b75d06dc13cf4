import { expect, onTestFinished, test, vi } from 'vitest';
import { Losses } from '../../../src/activities/gpu/losses.js';
import { Chain } from '../../../src/store/chain.js';
import { Ledger } from '../../../src/store/ledger.js';
import { openLab, quietEnvironment, stageOf } from '../support/lab.js';

const START = Date.parse('2026-11-24T10:00:00.000Z');
const FEN_A_SECOND = 3600;

/** An attempt that broke at second 0; what the next one tells of it, by a clock of the test's own. */
async function afterCrash() {
  let now = START;
  const clock = () => new Date(now);
  const lab = await openLab({ now: clock });
  onTestFinished(() => lab.close());
  const input = await stageOf(lab, 'full-train', [{}]);
  const terms = { capFen: 1000, reserveFen: 0, pricePerHourFen: FEN_A_SECOND };
  await new Ledger(lab.store, input.planId).open(terms);
  const chain = new Chain(lab.store, input.stageKey, { now: clock });
  const who = { planId: 'p', stage: 'full-train', host: 'host-a', boot: 'b', attempt: 1 } as const;
  const { token } = await chain.acquire(who);
  await chain.end(token, 'crashed', 3, 'it broke');
  const before = await chain.fold();
  const info = { attempt: 2, currentAttemptScheduledTimestampMs: START + 3000 };
  const losses = await quietEnvironment(info).run(
    async () => new Losses(lab.deps, input, chain, before),
  );
  const at = (seconds: number): void => void (now = START + seconds * 1000);
  return { chain, token, losses, at };
}

test('a post-mortem tells when training went on, at the first new step', async () => {
  const { chain, token, losses, at } = await afterCrash();
  at(10);
  await losses.writeAt(2);
  at(20);
  await losses.writeAt(2);
  expect((await chain.fold()).postMortems).toMatchObject([
    {
      kind: 'trainer-crashed',
      lostToken: token,
      detectedAfterSeconds: 2,
      resumedAfterSeconds: 10,
      moneyLostFen: 10,
      resumedFromStep: 2,
    },
  ]);
});

test('one that the store did not take is written at a later step, the wait not counted', async () => {
  const { chain, token, losses, at } = await afterCrash();
  const away = vi.spyOn(chain, 'postMortem').mockRejectedValueOnce(new Error('the store is away'));
  at(10);
  await expect(losses.writeAt(2)).rejects.toThrow('the store is away');
  at(500);
  await losses.writeAt(2);
  away.mockRestore();
  expect((await chain.fold()).postMortems).toMatchObject([
    { lostToken: token, resumedAfterSeconds: 10, moneyLostFen: 10 },
  ]);
});
