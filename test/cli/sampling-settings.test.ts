import { expect, test } from 'vitest';
import { samplingOf } from '../../src/cli/sampling-settings.js';
import { SAMPLING_PRESETS } from '../../src/contracts/sampling.js';

test('a preset, what is set beside it, and the seed', () => {
  expect(samplingOf({})).toEqual(SAMPLING_PRESETS.default(256));
  const set = ['sampling.maxNewTokens=64', 'topP=0.5'];
  expect(samplingOf({ preset: 'published', set, seed: '7' })).toEqual({
    ...SAMPLING_PRESETS.published(64),
    topP: 0.5,
    seed: 7,
  });
});

test.each([
  [{ preset: 'fast' }, '--preset fast is none of default, published.'],
  [{ preset: 'toString' }, '--preset toString is none of default, published.'],
  [{ set: ['sampling.steps'] }, '--set sampling.steps: expected sampling.key=value'],
  [{ set: ['steps={'] }, '--set steps={: the value is not YAML'],
  [{ seed: '-1' }, '--seed -1: expected a whole number, at least 0'],
])('%j is refused', (options, message) => {
  expect(() => samplingOf(options)).toThrow(message);
});

test('every mistake is told at once, before a model is read', () => {
  const set = ['sampling.maxNewTokens=48', 'sampling.threshold=0.9', 'sampling.steps=4'];
  expect(() => samplingOf({ set })).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(
        /blockLength must divide(.|\n)*steps and threshold(.|\n)*maskgit_plus/,
      ) as string,
    }),
  );
  expect(() => samplingOf({ set: ['sampling.temprature=1'] })).toThrow(/temprature/);
});
