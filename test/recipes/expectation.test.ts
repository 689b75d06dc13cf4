import { join } from 'node:path';
import { describe, expect as that, it } from 'vitest';
import { checkPlanFile } from '../../src/cli/plan-file.js';
import type { CardId } from '../../src/recipes/cards.js';
import {
  adapterParameters,
  ASSUMED,
  checkpointBytes,
  expect,
} from '../../src/recipes/expectation.js';
import { trainingTime } from '../../src/workflows/policy/training-time.js';
import { validations } from '../../src/workflows/policy/validations.js';

const PLANS = new URL('../../plans/', import.meta.url).pathname;

async function plan(settings: string[] = []) {
  const { text } = await checkPlanFile(join(PLANS, 'dream7b-s1k.yaml'), { settings });
  if (text === null) throw new Error('the recipe does not parse');
  return text;
}

describe('expectations', () => {
  it('count an adapter as the issue does', async () => {
    const { training } = await plan(['training.lora.rank=16']);
    that(adapterParameters(training.lora)).toBe(40_370_176);
    that(checkpointBytes(training)).toBe(484_442_112);
  });

  it('add up, and cost what the hours cost', async () => {
    const found = expect(await plan(), 'h100-80g');
    that(found).not.toBeNull();
    if (found === null) return;
    that(found.rows).toBe(Math.round((1000 * 53) / 58) - 32);
    that(found.steps).toBe(Math.ceil((found.rows * 3) / 16));
    that(found.tokens).toBe(found.steps * 16 * 804);
    that(found.totalSeconds).toBeCloseTo(
      found.trainingSeconds + found.evaluationSeconds + found.checksSeconds + found.otherSeconds,
    );
    that(Number.isInteger(found.fen)).toBe(true);
    that(found.fen).toBe(Math.ceil((found.totalSeconds * 2000) / 3600));
  });

  it('do not guess about data that nobody counted', async () => {
    that(expect(await plan(['data.maxLength=1024']), 'h100-80g')).toBeNull();
    that(expect(await plan(['data.source.repo=somebody/else']), 'h100-80g')).toBeNull();
  });

  it('grow with the questions', async () => {
    const few = expect(await plan(['evaluation.suites.0.questions=20']), 'h100-80g')!;
    const many = expect(await plan(), 'h100-80g')!;
    that(many.evaluationSeconds).toBeGreaterThan(few.evaluationSeconds);
    that(many.checksSeconds).toBeGreaterThan(few.checksSeconds);
    // Before, after and again in three shards instead of one.
    that(many.starts - few.starts).toBe(6);
    that(many.otherSeconds - few.otherSeconds).toBeCloseTo(6 * ASSUMED.startSeconds);
  });

  it('cost a host of several cards as many times the price, and evaluate on one', async () => {
    const one = expect(await plan(), 'h100-80g')!;
    const four = expect(await plan(['training.worldSize=4']), 'h100-80g')!;
    that(four.pricePerHourFen).toBe(4 * 2000);
    that(four.fen).toBe(Math.ceil((four.totalSeconds * 4 * 2000) / 3600));
    const written = ASSUMED.weightsBytes / ASSUMED.diskBytesPerSecond;
    const faster = 4 * ASSUMED.severalCards;
    that(four.trainingSeconds - written).toBeCloseTo((one.trainingSeconds - written) / faster);
    that(four.evaluationSeconds).toBe(one.evaluationSeconds);
    that(four.tokens).toBe(one.tokens);
    that([one.cards, four.cards]).toEqual([1, 4]);
  });

  it('call no speed of several cards measured, nor one of another card', async () => {
    const measured = async (card: CardId, settings: string[]) =>
      expect(await plan(settings), card)?.speedMeasured;
    const fp8 = 'training.basePrecision=fp8';
    that(await measured('h100-80g', [fp8])).toBe(true);
    that(await measured('h100-80g', [fp8, 'training.worldSize=4'])).toBe(false);
    that(await measured('h100-80g', [])).toBe(false);
    that(expect(await plan(), 'h100-80g')?.speedFrom.card).toBe('h200-141g');
  });

  it('count the candidates of a pilot', async () => {
    const plain = await plan();
    const suite = { name: 'gsm8k', questions: 200, seed: 0, file: 'train.jsonl' } as const;
    const candidates = [{ name: 'a' }, { name: 'b' }];
    const one = expect(plain, 'h100-80g')!;
    const piloted = expect({ ...plain, pilot: { candidates, epochs: 1, suite } }, 'h100-80g')!;
    const tokens = 2 * Math.ceil(one.rows / 16) * 16 * 804;
    const written = ASSUMED.weightsBytes / ASSUMED.diskBytesPerSecond;
    const added = piloted.trainingSeconds - one.trainingSeconds - 2 * written;
    // Besides its steps each candidate measures its held-out rows when its one epoch ends.
    const validated = 2 * validationSeconds(plain.training, one.tokensPerSecond);
    that(added).toBeCloseTo(tokens / one.tokensPerSecond + validated);
    that(piloted.otherSeconds - one.otherSeconds).toBeCloseTo(4 * ASSUMED.startSeconds);
    that(piloted.evaluationSeconds).toBeGreaterThan(one.evaluationSeconds);
    that([piloted.tokens, piloted.steps]).toEqual([one.tokens, one.steps]);
  });
});

/** 32 held-out rows of 804 tokens under each noise level, forward alone. */
function validationSeconds(
  { validation, method }: Awaited<ReturnType<typeof plan>>['training'],
  speed: number,
): number {
  const tokens = 32 * (validation?.tGrid ?? 0) * 804;
  return tokens / (speed * ASSUMED.forwardFaster[method]);
}

describe('a quote and an explanation', () => {
  it('count a training by one function: validations and the writing of the model', async () => {
    const validated = await plan(['training.validation.everySteps=50']);
    const without = { ...validated, training: { ...validated.training, validation: null } };
    const [more, less] = [expect(validated, 'h100-80g')!, expect(without, 'h100-80g')!];
    const each = validationSeconds(validated.training, more.tokensPerSecond);
    const { seconds } = trainingTime(validated.training, more.rows, {
      secondsPerStep: (16 * 804) / more.tokensPerSecond,
      validationSeconds: each,
      exportSeconds: ASSUMED.weightsBytes / ASSUMED.diskBytesPerSecond,
    });
    const smoke = (validated.smoke.steps * 16 * 804) / more.tokensPerSecond;
    that(more.trainingSeconds).toBeCloseTo(seconds + smoke);
    const times = validations(validated.training, more.rows, more.steps);
    that(times).toBeGreaterThan(3);
    that(more.trainingSeconds - less.trainingSeconds).toBeCloseTo(times * each);
  });
});
