import { expect, test } from 'vitest';
import { SamplingConfig } from '../../../src/contracts/sampling.js';
import { askingsAfter, askingsBefore, onCanvas } from '../../../src/workflows/policy/askings.js';

const gsm8k = { name: 'gsm8k', questions: 1319, seed: 3, file: '/gsm8k.jsonl' } as const;
const evaluation = {
  suites: [{ name: 'arithmetic', questions: 40, seed: 0 } as const, gsm8k],
  sampling: SamplingConfig.parse({ maxNewTokens: 128 }),
  batchSize: 16,
};
const asked = (more: object) => ({ evaluation: { ...evaluation, ...more } });
const anchor = { questions: 200, maxNewTokens: 256 };
const canvases = { questions: 100, sizes: [256, 512, 1024] };

test('without checks a model is asked once', () => {
  expect(askingsBefore(asked({}))).toEqual([{ name: 'answers', evaluation }]);
  expect(askingsAfter(asked({ again: { batchSize: 8 }, anchor }))).toHaveLength(1);
});

test('again asks the same, at another batch size and nothing else', () => {
  const [, again] = askingsBefore(asked({ again: { batchSize: 4 } }));
  expect(again).toMatchObject({ name: 'again', evaluation: { ...evaluation, batchSize: 4 } });
});

test('the anchor asks gsm8k under both presets, published one question at a time', () => {
  const [, published, ours] = askingsBefore(asked({ anchor }));
  const suites = [{ ...gsm8k, questions: 200 }];
  expect(published).toMatchObject({
    name: 'anchor-published',
    evaluation: { suites, batchSize: 1, sampling: { temperature: 0.1, steps: 256, cache: 'none' } },
  });
  expect(ours).toMatchObject({
    name: 'anchor-default',
    evaluation: { suites, batchSize: 16, sampling: { temperature: 0, maxNewTokens: 256 } },
  });
});

test('canvases ask the model after training the same questions, with as many steps a token', () => {
  const askings = askingsAfter(asked({ canvases }));
  expect(askings.map(({ name }) => name)).toEqual([
    'answers',
    'canvas-256',
    'canvas-512',
    'canvas-1024',
  ]);
  for (const { evaluation: one } of askings.slice(1)) {
    expect(one.suites).toEqual([{ ...gsm8k, questions: 100 }]);
  }
  const steps = SamplingConfig.parse({ maxNewTokens: 24, steps: 12 });
  expect(onCanvas(steps, 48)).toEqual({ ...steps, maxNewTokens: 48, steps: 24 });
  expect(onCanvas(evaluation.sampling, 512)).toEqual({ ...evaluation.sampling, maxNewTokens: 512 });
});
