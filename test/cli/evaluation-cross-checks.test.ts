import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkPlanFile } from '../../src/cli/plan-file.js';

const PLANS = new URL('../../plans/', import.meta.url).pathname;

/** Path, message and its Chinese, but for files that a user brings. */
async function mistakesOf(plan: string, settings: string[]) {
  const { mistakes } = await checkPlanFile(join(PLANS, `${plan}.yaml`), { settings });
  return mistakes.filter(({ absent }) => !absent);
}

const THRESHOLD = 'evaluation.sampling={ threshold: 0.9, order: maskgit_plus, reveal: confidence }';

test.each([
  [
    'dream7b-s1k',
    ['evaluation.sampling.preset=published'],
    'evaluation.batchSize',
    'must be 1 under preset published',
    '必须为 1',
  ],
  ['tiny', [THRESHOLD], 'evaluation.sampling.threshold', 'not for a before/after', '前后对比'],
  ['dream7b-s1k', [THRESHOLD], 'evaluation.sampling.threshold', 'strategies', '前后对比'],
  ['tiny', ['evaluation.again.batchSize=50'], 'evaluation.again.batchSize', 'another', '不同'],
  ['tiny', ['evaluation.anchor={}'], 'evaluation.anchor', 'asks gsm8k', 'gsm8k'],
  [
    'tiny',
    ['evaluation.canvases={ sizes: [24, 48, 24] }'],
    'evaluation.canvases.sizes',
    'names a size twice',
    '重复',
  ],
])('%s with %j', async (plan, settings, at, says, zh) => {
  const found = await mistakesOf(plan, settings);
  expect(found.map(({ path }) => path)).toEqual([at]);
  expect(found[0]!.message).toContain(says);
  expect(found[0]!.zh).toContain(zh);
});

test('an anchor on whose canvas the blocks of a preset do not fit is refused', async () => {
  const [found, ...more] = await mistakesOf('dream7b-s1k', ['evaluation.anchor.maxNewTokens=48']);
  expect(more).toEqual([]);
  expect(found).toMatchObject({
    path: 'evaluation.anchor.maxNewTokens',
    message: 'preset default: blockLength must divide maxNewTokens: 48 is no multiple of 32',
  });
});

test('a canvas on which the blocks do not fit is refused', async () => {
  const [found, ...more] = await mistakesOf('tiny', ['evaluation.canvases={ sizes: [24, 30] }']);
  expect(more).toEqual([]);
  expect(found).toMatchObject({
    path: 'evaluation.canvases.sizes',
    message: '30: sampling.blockLength must divide maxNewTokens: 30 is no multiple of 4',
  });
});
