import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPlanFile } from '../../src/cli/plan-file.js';
import { SAMPLING_PRESETS, SamplingConfig } from '../../src/contracts/sampling.js';
import { decodingSeconds } from '../../src/recipes/decoding.js';
import { evaluationsOf } from '../../src/recipes/evaluations.js';

const PLANS = new URL('../../plans/', import.meta.url).pathname;
const CARD = 'h100-80g';

/** 1000 questions in two shards, without the checks of the recipe. */
async function plan(evaluation: object = {}) {
  const { text } = await checkPlanFile(join(PLANS, 'dream7b-s1k.yaml'));
  if (text === null) throw new Error('the recipe does not parse');
  const { again: _again, anchor: _anchor, canvases: _canvases, ...plain } = text.evaluation;
  const suites = [{ name: 'gsm8k' as const, questions: 1000, seed: 0 }];
  return { ...text, evaluation: { ...plain, suites, ...evaluation } };
}
const found = async (evaluation?: object) => evaluationsOf(await plan(evaluation), CARD);
const ASKED = { sampling: SamplingConfig.parse({}), batchSize: 32 };

describe('what answering takes', () => {
  it('is before and after in shards, a probe and three cases of each side', async () => {
    const { seconds, checksSeconds, starts } = await found();
    const each = (questions: number) => decodingSeconds(questions, ASKED, CARD);
    // Shards end where batches do: 512 and 488 questions follow one another.
    const main = 2 * (each(512) + each(488));
    expect(seconds).toBeCloseTo(main + each(32) + 2 * each(3), 6);
    expect([checksSeconds, starts]).toEqual([0, 6]);
  });

  it('counts a start for each shard', async () => {
    expect((await found({ shards: 5 })).starts).toBe(12);
  });

  it('adds again, anchor and canvases as checks, each as it is asked', async () => {
    const { seconds } = await found();
    const again = await found({ again: { batchSize: 16 } });
    const shard = (questions: number) =>
      decodingSeconds(questions, { ...ASKED, batchSize: 16 }, CARD);
    expect(again.checksSeconds).toBeCloseTo(shard(496) + shard(504), 6);
    expect([again.seconds, again.starts]).toEqual([seconds, 8]);

    const anchor = await found({ anchor: { questions: 200, maxNewTokens: 256 } });
    const published = { sampling: SAMPLING_PRESETS.published(256), batchSize: 1 };
    expect(anchor.checksSeconds).toBeCloseTo(
      decodingSeconds(200, published, CARD) + decodingSeconds(200, ASKED, CARD),
      6,
    );
    expect(anchor.starts).toBe(8);

    const canvases = await found({ canvases: { questions: 100, sizes: [256, 1024] } });
    const on = (maxNewTokens: number) =>
      decodingSeconds(100, { ...ASKED, sampling: SamplingConfig.parse({ maxNewTokens }) }, CARD);
    expect(canvases.checksSeconds).toBeCloseTo(on(256) + on(1024), 6);
    expect(canvases.starts).toBe(8);
  });

  it('counts the questions of each candidate of a pilot', async () => {
    const plain = await plan();
    const suite = { name: 'gsm8k', questions: 200, seed: 0, file: 'train.jsonl' } as const;
    const pilot = { candidates: [{ name: 'a' }, { name: 'b' }], epochs: 1, suite };
    const piloted = evaluationsOf({ ...plain, pilot }, CARD);
    const without = evaluationsOf(plain, CARD);
    expect(piloted.seconds - without.seconds).toBeCloseTo(2 * decodingSeconds(200, ASKED, CARD), 6);
    expect(piloted.starts - without.starts).toBe(2);
  });
});
