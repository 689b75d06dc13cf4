import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { loadPlan } from '../../../src/cli/plan-file.js';
import type { StageMetrics } from '../../../src/contracts/outcome.js';
import type { ResolvedPlan } from '../../../src/contracts/plan.js';
import {
  approvesItself,
  mustStopTraining,
  quote,
  totalSteps,
} from '../../../src/workflows/policy/money.js';

type Smoke = Extract<StageMetrics, { kind: 'smoke-train' }>;

let plan: ResolvedPlan;
beforeAll(async () => {
  plan = await loadPlan(fileURLToPath(new URL('../../../plans/tiny.yaml', import.meta.url)));
  plan = { ...plan, training: { ...plan.training, steps: 600 } };
});

const smoke = (secondsPerStep: number, secondsPerToken: number): Smoke =>
  ({
    kind: 'smoke-train',
    train: { secondsPerStep },
    sample: { answers: [], secondsPerToken },
    secondsToReady: 2,
  }) as unknown as Smoke;

test('the quote is steps and both evaluations at the measured pace, rounded up to a fen', () => {
  const questions = plan.evaluation.suites.reduce((sum, suite) => sum + suite.questions, 0);
  const evalSeconds = 2 + 0.001 * questions * plan.evaluation.sampling.maxNewTokens;
  const offered = quote(plan, smoke(0.1, 0.001), 4000, 3);
  expect(offered.trainSeconds).toBeCloseTo(62);
  expect(offered.evalSecondsEach).toBeCloseTo(evalSeconds);
  expect(offered.totalSeconds).toBeCloseTo(62 + 2 * evalSeconds);
  const price = plan.hosts.pricePerHourFen / 3600;
  expect(offered.fen).toBe(Math.ceil((62 + 2 * evalSeconds) * price));
});

test('epochs become steps by the rows that were kept', () => {
  const { steps: _, ...training } = plan.training;
  const byEpochs = { ...plan, training: { ...training, epochs: 2, documentsPerStep: 64 } };
  expect(totalSteps(byEpochs, 100)).toBe(4);
  expect(totalSteps(plan, 100)).toBe(600);
});

const money = fc.record({
  capFen: fc.nat(10_000),
  reserveFen: fc.nat(10_000),
  approveBelowFen: fc.nat(10_000),
});

test('no plan approves itself past its cap or past its limit', () => {
  fc.assert(
    fc.property(money, fc.nat(10_000), fc.nat(10_000), (terms, fen, spentFen) => {
      const offered = { ...quote(plan, smoke(1, 1), 1, spentFen), fen };
      const within = fen <= terms.approveBelowFen && spentFen + fen <= terms.capFen;
      expect(approvesItself(terms, offered)).toBe(within);
    }),
    { seed: 1 },
  );
});

test('training stops at cap − reserve, and once it must stop it must stop for good', () => {
  fc.assert(
    fc.property(money, fc.nat(10_000), fc.nat(100), (terms, spentFen, more) => {
      const bound = { ...plan, money: terms };
      const limit = Math.max(0, terms.capFen - terms.reserveFen);
      expect(mustStopTraining(bound, spentFen)).toBe(spentFen >= limit);
      expect(mustStopTraining(bound, limit + more)).toBe(true);
    }),
    { seed: 2 },
  );
  const free = { ...plan, hosts: { ...plan.hosts, pricePerHourFen: 0 } };
  expect(mustStopTraining(free, 1_000_000)).toBe(false);
});
