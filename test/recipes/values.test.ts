import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkPlanFile } from '../../src/cli/plan-file.js';

const PLANS = new URL('../../plans/', import.meta.url).pathname;

/** What makes a recipe the one that it is called; a change of any of these is another recipe. */
const USUAL = {
  'base.repo': 'Dream-org/Dream-v0-Instruct-7B',
  'data.view': 'attempt',
  'data.overLong': 'drop',
  'data.maxLength': 2048,
  'data.dropUnderTokens': 64,
  'data.boxedInstruction': true,
  'data.heldOutRows': 32,
  'training.epochs': 3,
  'training.documentsPerStep': 16,
  'training.method': 'lora',
  'training.lora.rank': 32,
  'training.lora.alpha': 64,
  'training.lora.dropout': 0,
  'training.learningRate': 5e-5,
  'training.betas': [0.9, 0.95],
  'training.weightDecay': 0,
  'training.clipNorm': 1,
  'training.warmup': 0.06,
  'training.warmupStepsAtLeast': 10,
  'training.finalLearningRate': 0.1,
  'training.t': 'low_discrepancy',
  'training.weighting': 'cart',
  'training.cartP': 0.1,
  'training.eosTail': [0, 64],
  'training.seed': 42,
  'training.precision': 'bf16',
  'training.basePrecision': 'bf16',
  'money.capCny': 60,
  'money.reserveCny': 20,
};
const FULL = {
  ...USUAL,
  'training.method': 'full',
  'training.learningRate': 2e-6,
  'training.weightDecay': 0.01,
  'training.warmup': 0.1,
  'training.finalLearningRate': 0,
  'training.moments': 'bf16',
};
const RECIPES: Record<string, Record<string, unknown>> = {
  'dream7b-s1k': USUAL,
  'dream7b-s1k-trace': {
    ...USUAL,
    'data.view': 'trace',
    'data.maxLength': 4096,
    'training.learningRate': 2e-5,
    'evaluation.sampling.maxNewTokens': 2048,
  },
  'dream7b-s1k-24g': {
    ...USUAL,
    'training.basePrecision': 'fp8',
    'money.capCny': 20,
    'money.reserveCny': 10,
  },
  'dream7b-s1k-16g': {
    ...USUAL,
    'training.basePrecision': 'int8',
    'money.capCny': 20,
    'money.reserveCny': 10,
  },
  'dream7b-s1k-full': Object.fromEntries(
    Object.entries(FULL).filter(([path]) => !path.startsWith('training.lora')),
  ),
  'dream7b-s1k-d1': {
    ...USUAL,
    'data.view': 'trace',
    'data.overLong': 'cut_right',
    'data.maxLength': 4096,
    'data.dropUnderTokens': 0,
    'data.boxedInstruction': false,
    'data.heldOutRows': 10,
    'training.epochs': 20,
    'training.documentsPerStep': 8,
    'training.lora.rank': 128,
    'training.lora.alpha': 256,
    'training.lora.modules': ['q_proj', 'k_proj', 'v_proj'],
    'training.learningRate': 1e-5,
    'training.betas': [0.9, 0.999],
    'training.weightDecay': 0.1,
    'training.warmup': 0,
    'training.warmupStepsAtLeast': 0,
    'training.finalLearningRate': 0,
    'training.t': 'uniform',
    'training.weighting': 'original',
    'training.eosTail': 'official',
    'money.capCny': 100,
  },
  // 5 steps of 10 documents are its one pass over 50 rows.
  'dream7b-s1k-tryout': {
    ...USUAL,
    'training.epochs': undefined,
    'training.steps': 5,
    'training.documentsPerStep': 10,
    'training.warmupStepsAtLeast': 1,
    'training.basePrecision': 'fp8',
    'evaluation.suites.0.questions': 20,
    'money.capCny': 2,
    'money.reserveCny': 1,
  },
};

const at = (plan: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], plan);

it.each(Object.entries(RECIPES))('%s has the values of its recipe', async (id, values) => {
  const { text, mistakes } = await checkPlanFile(join(PLANS, `${id}.yaml`), { settings: [] });
  expect(text, JSON.stringify(mistakes)).not.toBeNull();
  const found = Object.keys(values).map((path) => [path, at(text, path)]);
  expect(Object.fromEntries(found)).toEqual(values);
});
