import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { loadPlan } from '../../../src/cli/plan-file.js';
import type { Pace, StageMetrics } from '../../../src/contracts/outcome.js';
import type { ResolvedPlan } from '../../../src/contracts/plan.js';
import { probeQuestions } from '../../../src/contracts/probe.js';
import { quote, totalSteps } from '../../../src/workflows/policy/quote.js';

type Smoke = Extract<StageMetrics, { kind: 'smoke-train' }>;

let plan: ResolvedPlan;
beforeAll(async () => {
  plan = await loadPlan(fileURLToPath(new URL('../../../plans/tiny.yaml', import.meta.url)));
  plan = { ...plan, training: { ...plan.training, steps: 600 } };
});

const PACE: Pace = {
  hostStartSeconds: 4,
  prepareSeconds: 0.5,
  readySeconds: 2.5,
  secondsPerStep: 0.1,
  secondsPerBatch: 1.5,
  batchQuestions: 50,
};
const smoke = (change: Partial<Pace> = {}): Smoke =>
  ({ kind: 'smoke-train', pace: { ...PACE, ...change } }) as unknown as Smoke;

const evaluating = (
  suites: readonly { name: 'arithmetic' | 'gsm8k'; questions: number }[],
  batchSize: number,
): ResolvedPlan => ({
  ...plan,
  evaluation: { ...plan.evaluation, batchSize, suites: suites.map((one) => ({ ...one, seed: 0 })) },
});

test('the demo: 600 steps, twice four batches of 50, three starts, a start of a host', () => {
  const offered = quote(plan, smoke(), 4000, 3);
  expect(offered.trainSeconds).toBeCloseTo(3 + 60);
  expect(offered.evalSecondsEach).toBeCloseTo(3 + 4 * 1.5);
  expect(offered.totalSeconds).toBeCloseTo(4 + 63 + 2 * 9);
  expect(offered.fen).toBe(Math.ceil((85 * plan.hosts.pricePerHourFen) / 3600));
  expect(offered).toMatchObject({ spentFen: 3, capFen: plan.money.capFen });
  expect(offered.basis).toBe(
    '600 steps × 0.100 s, 2 evaluations × 4 batches × 1.50 s, 3 starts × 3.0 s, a host’s start 4.0 s',
  );
  expect(offered.basisZh).toBe(
    '600 步 × 0.100 秒，2 次评测 × 4 批 × 1.50 秒，3 次启动 × 3.0 秒，主机启动 4.0 秒',
  );
});

test('validation and the writing of the model count where they were measured', () => {
  const validation = { everySteps: 100, atEpochEnd: false, tGrid: 8 };
  const validating = { ...plan, training: { ...plan.training, validation } };
  const measured = smoke({ validationSeconds: 7, exportSeconds: 90 });
  const offered = quote(validating, measured, 4000, 0);
  expect(offered.trainSeconds).toBeCloseTo(3 + 60 + 6 * 7 + 90);
  expect(offered.basis).toContain(
    '600 steps × 0.100 s, 6 validations × 7.00 s, writing the model 90.0 s, 2 evaluations',
  );
  const without = quote(plan, measured, 4000, 0);
  expect(without.trainSeconds).toBeCloseTo(3 + 60 + 90 + (plan.training.validation ? 7 : 0));
});

test('every candidate of a pilot validates and writes its model', () => {
  const suite = { name: 'gsm8k', questions: 120, seed: 0, file: '/train.jsonl' } as const;
  const piloted = {
    ...plan,
    pilot: { candidates: [{ name: 'a' }, { name: 'b' }], epochs: 1, suite },
  };
  const seconds = (change: Partial<Pace>): number =>
    quote(piloted, smoke(change), 4000, 0).pilotSeconds ?? 0;
  expect(seconds({ exportSeconds: 90 }) - seconds({})).toBeCloseTo(2 * 90);
});

test('batches are counted suite by suite, a begun one as a whole', () => {
  const two = evaluating(
    [
      { name: 'arithmetic', questions: 51 },
      { name: 'gsm8k', questions: 150 },
    ],
    50,
  );
  expect(quote(two, smoke(), 1, 0).evalSecondsEach).toBeCloseTo(3 + (2 + 3) * 1.5);
});

test('a probe with fewer questions than a batch counts in proportion', () => {
  const each = (questions: number): number =>
    quote(plan, smoke({ batchQuestions: questions }), 1, 0).evalSecondsEach;
  expect(each(25)).toBeCloseTo(3 + 4 * 2 * 1.5);
  const small = evaluating([{ name: 'arithmetic', questions: 25 }], 50);
  expect(quote(small, smoke({ batchQuestions: 25 }), 1, 0).evalSecondsEach).toBeCloseTo(3 + 1.5);
});

test('no part of the work makes a quote smaller', () => {
  const seconds = fc.double({ min: 0, max: 1e4, noNaN: true });
  const keys = fc.constantFrom(
    'hostStartSeconds',
    'prepareSeconds',
    'readySeconds',
    'validationSeconds',
    'exportSeconds',
    'secondsPerStep',
    'secondsPerBatch',
  );
  fc.assert(
    fc.property(keys, seconds, seconds, (key, value, more) => {
      const less = quote(plan, smoke({ [key]: value }), 1, 0);
      const all = quote(plan, smoke({ [key]: value + more }), 1, 0);
      expect(all.totalSeconds).toBeGreaterThanOrEqual(less.totalSeconds);
      expect(all.fen).toBeGreaterThanOrEqual(less.fen);
    }),
    { seed: 3 },
  );
});

test('what an older version measured gives a quote as well', () => {
  const old = {
    kind: 'smoke-train',
    train: { secondsPerStep: 0.1 },
    sample: { answers: [], secondsPerToken: 0.001 },
    secondsToReady: 2,
  } as unknown as Smoke;
  const offered = quote(plan, old, 4000, 0);
  const canvas = plan.evaluation.sampling.maxNewTokens;
  expect(offered.evalSecondsEach).toBeCloseTo(2 + 0.001 * 200 * canvas);
  expect(offered.trainSeconds).toBeCloseTo(62);
});

test('epochs become steps by the rows that were kept', () => {
  const { steps: _, ...training } = plan.training;
  const byEpochs = { ...plan, training: { ...training, epochs: 2, documentsPerStep: 64 } };
  expect(totalSteps(byEpochs, 100)).toBe(4);
  expect(totalSteps(plan, 100)).toBe(600);
});

test('the probe answers one batch of the evaluation, or as many questions as a suite has', () => {
  expect(probeQuestions(plan)).toBe(50);
  expect(probeQuestions(evaluating([{ name: 'gsm8k', questions: 20 }], 64))).toBe(20);
  expect(probeQuestions({ ...plan, smoke: { ...plan.smoke, questions: 3 } })).toBe(3);
});

test('a pilot is quoted too: steps and batches of every candidate, each with two starts', () => {
  const suite = { name: 'gsm8k', questions: 120, seed: 0, file: '/train.jsonl' } as const;
  const candidates = [{ name: 'a' }, { name: 'b', learningRate: 1 }];
  const piloted = { ...plan, pilot: { candidates, epochs: 1, suite } };
  const steps = Math.ceil(4000 / 64);
  const offered = quote(piloted, smoke(), 4000, 0);
  expect(offered.pilotSeconds).toBeCloseTo(2 * (2 * 3 + steps * 0.1 + 3 * 1.5));
  const plain = quote(plan, smoke(), 4000, 0);
  expect(offered.totalSeconds).toBeCloseTo(plain.totalSeconds + offered.pilotSeconds!);
  expect(offered.basis).toContain('a pilot of 2 candidates × (63 steps and 3 batches), then 600');
  expect(offered.basis).toContain('7 starts × 3.0 s');
  expect(offered.basisZh).toContain('试点 2 个候选 ×（63 步和 3 批），然后 600 步');
  expect(plain).not.toHaveProperty('pilotSeconds');
});

test('several cards: the price is the host’s, the pace was measured on all of them', () => {
  const four = { ...plan, training: { ...plan.training, worldSize: 4 } };
  const offered = quote(four, smoke(), 4000, 0);
  const one = quote(plan, smoke(), 4000, 0);
  const without = { basis: '', basisZh: '' };
  expect({ ...offered, ...without }).toEqual({ ...one, ...without });
  expect(offered.basisZh).toBe(`${one.basisZh}；训练用一台主机的 4 张卡，评测用其中一张`);
  expect(offered.basis).toBe(
    `${one.basis}; training on 4 cards of one host, evaluation on one of them`,
  );
});

test('shards cost a start each', () => {
  const sharded = { ...plan, evaluation: { ...plan.evaluation, shards: 4 } };
  const offered = quote(sharded, smoke(), 4000, 0);
  expect(offered.evalSecondsEach).toBeCloseTo(4 * 3 + 4 * 1.5);
  expect(offered.basis).toContain('9 starts × 3.0 s');
  expect(offered).not.toHaveProperty('checksSeconds');
});

/** Seconds of what is asked beside the evaluations, without the starts for it. */
function checked(checks: Partial<ResolvedPlan['evaluation']>, starts: number): number {
  const asked = { ...plan, evaluation: { ...plan.evaluation, ...checks } };
  const offered = quote(asked, smoke(), 4000, 0);
  const without = quote(plan, smoke(), 4000, 0);
  expect(offered.totalSeconds).toBeCloseTo(without.totalSeconds + offered.checksSeconds!);
  expect(offered.basis).toContain(`${3 + starts} starts`);
  return offered.checksSeconds! - starts * 3;
}

test('a check that asks as the evaluation does costs what an evaluation costs', () => {
  const { batchSize } = plan.evaluation;
  expect(checked({ again: { batchSize } }, 1)).toBeCloseTo(4 * 1.5);
  const size = plan.evaluation.sampling.maxNewTokens;
  expect(checked({ canvases: { questions: 50, sizes: [size] } }, 1)).toBeCloseTo(1.5);
});

test('batches of 1 are priced as decoding was measured, and not as long as the probe’s', () => {
  const uncached = { ...plan.evaluation.sampling, cache: 'none' } as const;
  // As many tokens a second at batch 1 as at 32, but for rows so short that reading the weights counts.
  const seconds = checked({ sampling: uncached, again: { batchSize: 1 } }, 1);
  expect(seconds).toBeGreaterThan(0.95 * 4 * 1.5);
  expect(seconds).toBeLessThan((200 * 1.5) / 10);
});

test('a canvas of twice the size costs more than twice as much: more steps, and longer ones', () => {
  const of = (size: number) => checked({ canvases: { questions: 50, sizes: [size] } }, 1);
  const size = plan.evaluation.sampling.maxNewTokens;
  expect(of(2 * size) / of(size)).toBeGreaterThan(2);
});
