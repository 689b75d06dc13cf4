import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { loadPlan } from '../../../src/cli/plan-file.js';
import type { ResolvedPlan } from '../../../src/contracts/plan.js';
import type { Quote } from '../../../src/contracts/quote.js';
import { approvesItself, mustStop } from '../../../src/workflows/policy/money.js';

let plan: ResolvedPlan;
beforeAll(async () => {
  plan = await loadPlan(fileURLToPath(new URL('../../../plans/tiny.yaml', import.meta.url)));
  plan = { ...plan, training: { ...plan.training, steps: 600 } };
});

const quoted: Quote = {
  trainSeconds: 60,
  evalSecondsEach: 10,
  totalSeconds: 80,
  fen: 3,
  spentFen: 0,
  capFen: 500,
  basis: '',
};

const money = fc.record({
  capFen: fc.nat(10_000),
  reserveFen: fc.nat(10_000),
  approveBelowFen: fc.nat(10_000),
});

test('no plan approves itself past its cap or past its limit', () => {
  fc.assert(
    fc.property(money, fc.nat(10_000), fc.nat(10_000), (terms, fen, spentFen) => {
      const offered = { ...quoted, spentFen, fen };
      const within = fen <= terms.approveBelowFen && spentFen + fen <= terms.capFen;
      expect(approvesItself(terms, offered)).toBe(within);
    }),
    { seed: 1 },
  );
});

test('training stops at cap − reserve, and once it must stop it must stop for good', () => {
  fc.assert(
    fc.property(money, fc.nat(10_000), fc.nat(100), (terms, spentFen, more) => {
      const bound = { hosts: plan.hosts };
      const limit = Math.max(0, terms.capFen - terms.reserveFen);
      expect(mustStop(bound, terms, spentFen)).toBe(spentFen >= limit);
      expect(mustStop(bound, terms, limit + more)).toBe(true);
    }),
    { seed: 2 },
  );
  const free = { ...plan, hosts: { ...plan.hosts, pricePerHourFen: 0 } };
  expect(mustStop(free, free.money, 1_000_000)).toBe(false);
});
