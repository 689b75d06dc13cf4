import { beforeAll, expect, test } from 'vitest';
import { loadPlan } from '../../../src/cli/plan-file.js';
import type { PilotTrial } from '../../../src/contracts/pilot.js';
import type { ResolvedPlan } from '../../../src/contracts/plan.js';
import type { Quote } from '../../../src/contracts/quote.js';
import { decide, moneyFor, trialPlan, withCandidate } from '../../../src/workflows/policy/pilot.js';
import { TINY_PLAN } from '../../helpers/plans.js';

let plan: ResolvedPlan;
beforeAll(async () => {
  plan = await loadPlan(TINY_PLAN);
});

const trial = (name: string, correct: number | null): PilotTrial => ({
  name,
  learningRate: 1,
  view: 'attempt',
  score: correct === null ? null : { correct, n: 200, share: correct / 200, interval: [0, 1] },
  message: correct === null ? 'diverged' : null,
});

test('a candidate changes what it names and nothing else', () => {
  expect(withCandidate(plan, { name: 'own' })).toEqual(plan);
  const other = withCandidate(plan, { name: 'other', learningRate: 1, view: 'solution' });
  expect(other.training).toEqual({ ...plan.training, learningRate: 1 });
  expect(other.data).toEqual({ ...plan.data, view: 'solution' });
});

test('a trial counts epochs, not the steps of the whole, and asks the pilot’s questions', () => {
  const suite = { name: 'gsm8k', questions: 20, seed: 0, file: '/train.jsonl' } as const;
  const pilot = { candidates: [], epochs: 0.5, suite };
  const { training, evaluation } = trialPlan(plan, pilot, { name: 'own' });
  const { steps: _steps, ...rest } = plan.training;
  expect(training).toEqual({ ...rest, epochs: 0.5 });
  expect(evaluation).toEqual({ ...plan.evaluation, suites: [suite] });
});

test('the best wins, the first of equals; a failed one has lost; one alone was not compared', () => {
  expect(decide([trial('a', 60), trial('b', 90)], 2)).toEqual({ chosen: 'b', clear: true });
  expect(decide([trial('a', 60), trial('b', 60)], 2)).toEqual({ chosen: 'a', clear: false });
  expect(decide([trial('a', null), trial('b', 0)], 2)).toEqual({ chosen: 'b', clear: true });
  expect(decide([trial('a', 60), trial('b', null)], 1).chosen).toBeNull();
  expect(decide([trial('a', null), trial('b', null)], 2).chosen).toBeNull();
});

test('a pilot may not spend what the quote keeps for full-train', () => {
  const offered = { trainSeconds: 3600 } as Quote;
  const dear = { ...plan, hosts: { ...plan.hosts, pricePerHourFen: 150 } };
  expect(moneyFor('pilot', dear, offered)).toEqual({ ...plan.money, reserveFen: 150 });
  expect(moneyFor('pilot', dear, null)).toEqual(plan.money);
  expect(moneyFor('full-train', dear, offered)).toEqual(plan.money);
});
