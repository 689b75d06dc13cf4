import { expect, onTestFinished, test } from 'vitest';
import { type GrantFacts, grantSeconds, readGrant } from '../../../src/activities/gpu/grant.js';
import type { StageName } from '../../../src/contracts/stages.js';
import { Ledger } from '../../../src/store/ledger.js';
import { openLab } from '../support/lab.js';

const FACTS: GrantFacts = {
  limitFen: 1000,
  spentFen: 400,
  pricePerHourFen: 200,
  hosts: 1,
  secondsToDeadline: null,
};

test.each<[string, Partial<GrantFacts>, number]>([
  ['what is left of the money, at the price', {}, 10_800],
  ['whole fen only: its share of them, where others of the plan have theirs', { hosts: 7 }, 1530],
  ['no longer than until the deadline', { secondsToDeadline: 60 }, 60],
  ['nothing when the money is spent', { spentFen: 1000 }, 0],
  ['nothing when more than the money is spent', { spentFen: 1001 }, 0],
  ['nothing behind the deadline', { secondsToDeadline: -5 }, 0],
  ['for ever where hosts cost nothing', { pricePerHourFen: 0 }, Number.POSITIVE_INFINITY],
  ['until the deadline there as well', { pricePerHourFen: 0, secondsToDeadline: 60 }, 60],
])('a grant is %s', (_, change, seconds) => {
  expect(grantSeconds({ ...FACTS, ...change })).toBe(seconds);
});

const NOW = Date.parse('2026-11-30T10:00:00Z');

test.each<[StageName, number]>([
  // 300 fen at 480 an hour; with the reserve 600.
  ['full-train', 2250],
  ['eval-after', 4500],
])('%s may use what the ledger leaves it', async (stage, seconds) => {
  const lab = await openLab({ now: () => new Date(NOW) });
  onTestFinished(() => lab.close());
  const ledger = new Ledger(lab.store, 'p');
  await ledger.open({ capFen: 1000, reserveFen: 300, pricePerHourFen: 600 });
  await ledger.open({ capFen: 1000, reserveFen: 300, pricePerHourFen: 480 });
  await ledger.charge({ host: 'a', stage, seconds: 1, fen: 400, settle: true });
  const at = (secondsFromNow: number): string =>
    new Date(NOW + secondsFromNow * 1000).toISOString();
  const grant = (deadlineAt: string): Promise<number> =>
    readGrant(ledger, lab.deps, { planId: 'p', stage, deadlineAt });
  expect([await grant(at(86_400)), await grant(at(90))]).toEqual([seconds, 90]);
});
