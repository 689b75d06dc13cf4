import { describe, expect, it } from 'vitest';
import {
  mostSteps,
  SAMPLING_PRESETS,
  SamplingConfig,
  withPreset,
} from '../../src/contracts/sampling.js';
import { samplingMistakes } from '../../src/contracts/sampling-rules.js';

const keysOf = (raw: Partial<SamplingConfig>): string[] =>
  samplingMistakes(SamplingConfig.parse(raw)).map(({ key }) => key);

describe('sampling presets', () => {
  it('what is left out is preset default', () => {
    expect(SamplingConfig.parse({})).toEqual(SAMPLING_PRESETS.default(256));
    expect(SAMPLING_PRESETS.default(64)).toMatchObject({
      blockLength: 32,
      reveal: 'left_to_right',
      cache: 'per_block',
      temperature: 0,
    });
  });

  it('published takes as many steps as tokens, on the whole canvas', () => {
    const published = SAMPLING_PRESETS.published(512);
    expect(published).toMatchObject({ steps: 512, blockLength: null, cache: 'none', topP: 0.9 });
    expect(mostSteps(published)).toBe(512);
  });

  it('no preset is refused', () => {
    for (const preset of Object.values(SAMPLING_PRESETS)) {
      expect(samplingMistakes(preset(96))).toEqual([]);
    }
  });
});

describe('sampling rules', () => {
  it('counts steps from whichever is given', () => {
    expect(mostSteps(SamplingConfig.parse({ maxNewTokens: 10, tokensPerStep: 4 }))).toBe(3);
    expect(mostSteps(SamplingConfig.parse({ maxNewTokens: 10 }))).toBe(10);
  });

  it('a block as long as the canvas or longer is the canvas', () => {
    expect(keysOf({ maxNewTokens: 6, steps: 5 })).toEqual([]);
  });

  it.each<[Partial<SamplingConfig>, string[]]>([
    [{ maxNewTokens: 48 }, ['blockLength']],
    [{ maxNewTokens: 64, steps: 63 }, ['steps']],
    [{ blockLength: null }, ['cache']],
    [{ order: 'origin' }, ['reveal', 'steps']],
    [{ order: 'origin', reveal: 'official', steps: 256, algTemp: 0.5 }, ['algTemp']],
    [{ algTemp: 0.5 }, ['algTemp']],
    [{ steps: 256, tokensPerStep: 1 }, ['tokensPerStep']],
    [{ threshold: 0.9 }, ['threshold', 'threshold']],
    [{ threshold: 0.9, order: 'maskgit_plus', reveal: 'confidence' }, []],
    [{ remask: 0.1 }, ['remask']],
    [{ remask: 0.1, steps: 256 }, []],
  ])('%o: %o', (raw, keys) => {
    expect(keysOf(raw)).toEqual(keys);
  });
});

describe('a preset in a plan', () => {
  it('is its settings on the canvas that is written beside it, which may change them', () => {
    expect(withPreset({ preset: 'published', maxNewTokens: 64 })).toEqual(
      SAMPLING_PRESETS.published(64),
    );
    expect(withPreset({ preset: 'default' })).toEqual(SamplingConfig.parse({}));
    expect(withPreset({ preset: 'published', temperature: 0 })).toMatchObject({
      temperature: 0,
      steps: 256,
    });
  });

  it('of another name, or none, is left for the schema', () => {
    for (const written of [{ preset: 'fast' }, { maxNewTokens: 8 }, [], null, 'published']) {
      expect(withPreset(written)).toEqual(written);
    }
  });
});
