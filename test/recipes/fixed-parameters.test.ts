import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkPlanFile } from '../../src/cli/plan-file.js';

const PLANS = new URL('../../plans/', import.meta.url).pathname;

async function recipe(end: string) {
  const { text, mistakes } = await checkPlanFile(join(PLANS, `dream7b-s1k${end}.yaml`));
  if (text === null) throw new Error(JSON.stringify(mistakes));
  return text;
}

const INSTRUCT = { kind: 'hub', repo: 'Dream-org/Dream-v0-Instruct-7B' };
const DATA = {
  source: { kind: 'hub', repo: 'simplescaling/s1K' },
  view: 'attempt',
  overLong: 'drop',
  maxLength: 2048,
  dropUnderTokens: 64,
  boxedInstruction: true,
  heldOutRows: 32,
};
const OBJECTIVE = {
  documentsPerStep: 16,
  t: 'low_discrepancy',
  weighting: 'cart',
  cartP: 0.1,
  normalise: 'global',
  eosTail: [0, 64],
  seed: 42,
};
const CHECKS = {
  again: { batchSize: 16 },
  anchor: { questions: 200, maxNewTokens: 256 },
  canvases: { questions: 100, sizes: [256, 512, 1024] },
};
const IN_FULL = [{ name: 'gsm8k', questions: 1319 }];
const LORA = {
  ...OBJECTIVE,
  epochs: 3,
  method: 'lora',
  lora: { rank: 32, alpha: 64, dropout: 0 },
  learningRate: 5e-5,
  betas: [0.9, 0.95],
  weightDecay: 0,
  clipNorm: 1,
  warmup: 0.06,
  warmupStepsAtLeast: 10,
  finalLearningRate: 0.1,
  precision: 'bf16',
};

it('dream7b-s1k', async () => {
  expect(await recipe('')).toMatchObject({
    base: INSTRUCT,
    data: DATA,
    training: { ...LORA, basePrecision: 'bf16' },
    evaluation: { suites: IN_FULL, sampling: { preset: 'default' }, ...CHECKS },
    money: { capCny: 60, reserveCny: 20 },
  });
});

it('dream7b-s1k-trace: rows that fit 4096, a smaller step, answers of 2048 tokens', async () => {
  expect(await recipe('-trace')).toMatchObject({
    base: INSTRUCT,
    data: { ...DATA, view: 'trace', maxLength: 4096 },
    training: { ...LORA, learningRate: 2e-5, basePrecision: 'bf16' },
    evaluation: { sampling: { maxNewTokens: 2048 } },
  });
});

it.each([
  ['-24g', 'fp8'],
  ['-16g', 'int8'],
] as const)('dream7b-s1k%s: the same in 8 bits', async (end, basePrecision) => {
  expect(await recipe(end)).toMatchObject({
    base: INSTRUCT,
    data: DATA,
    training: { ...LORA, basePrecision },
  });
});

it('dream7b-s1k-full: every weight, by the official values', async () => {
  expect(await recipe('-full')).toMatchObject({
    base: INSTRUCT,
    data: DATA,
    training: {
      ...OBJECTIVE,
      epochs: 3,
      method: 'full',
      fullMode: 'fused',
      learningRate: 2e-6,
      weightDecay: 0.01,
      warmup: 0.1,
      finalLearningRate: 0,
    },
  });
});

it('dream7b-s1k-d1: what d1 has published', async () => {
  expect(await recipe('-d1')).toMatchObject({
    data: {
      source: DATA.source,
      view: 'trace',
      overLong: 'cut_right',
      maxLength: 4096,
      dropUnderTokens: 0,
      boxedInstruction: false,
      heldOutRows: 10,
    },
    training: {
      epochs: 20,
      documentsPerStep: 8,
      method: 'lora',
      lora: { rank: 128, alpha: 256, modules: ['q_proj', 'k_proj', 'v_proj'] },
      learningRate: 1e-5,
      betas: [0.9, 0.999],
      weightDecay: 0.1,
      clipNorm: 1,
      warmup: 0,
      warmupStepsAtLeast: 0,
      finalLearningRate: 0,
      t: 'uniform',
      weighting: 'original',
      eosTail: 'official',
    },
  });
});

it('dream7b-s1k-tryout: 50 rows once, 20 questions, under 2 CNY', async () => {
  const { training, evaluation, money } = await recipe('-tryout');
  expect((training.steps ?? 0) * training.documentsPerStep).toBe(50);
  expect(evaluation.suites.map(({ questions }) => questions)).toEqual([20]);
  expect(money.capCny).toBe(2);
});

it('only the recipe of d1 cuts answers', async () => {
  for (const end of ['', '-trace', '-24g', '-16g', '-full', '-tryout']) {
    expect((await recipe(end)).data.overLong).not.toBe('cut_right');
  }
});

it.each(['', '-24g', '-full', '-d1'])('dream7b-s1k%s: gsm8k in full', async (end) => {
  expect((await recipe(end)).evaluation.suites).toMatchObject(IN_FULL);
});

it('the base is held against what is published of it, but where memory or money lack', async () => {
  for (const end of ['', '-trace', '-24g', '-full', '-d1']) {
    expect((await recipe(end)).evaluation.anchor, end).toEqual(CHECKS.anchor);
  }
  for (const end of ['-16g', '-tryout']) {
    expect((await recipe(end)).evaluation.anchor, end).toBeUndefined();
  }
});

it('adapter and all weights are compared by one evaluation, so that its before is paid once', async () => {
  expect((await recipe('-full')).evaluation).toEqual((await recipe('')).evaluation);
});
