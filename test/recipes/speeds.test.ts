import { describe, expect, it } from 'vitest';
import { TrainingConfig } from '../../src/contracts/training.js';
import { CARD_IDS, CARDS, type CardId } from '../../src/recipes/cards.js';
import { MEASUREMENTS } from '../../src/recipes/measurements.js';
import { speedOf } from '../../src/recipes/speeds.js';

const training = (changes: object = {}): TrainingConfig =>
  TrainingConfig.parse({
    epochs: 3,
    method: 'lora',
    precision: 'bf16',
    basePrecision: 'bf16',
    tokensPerMicroBatch: 8192,
    activationCheckpointing: 'auto',
    ...changes,
  });
const fp8 = training({ basePrecision: 'fp8' });
const speed = (of: TrainingConfig, card: CardId, length: number): number =>
  speedOf(of, card, length)?.tokensPerSecond ?? 0;

describe('measured speeds', () => {
  it.each([
    [fp8, 'h200-141g', 750, 24_468],
    [fp8, 'h200-141g', 2048, 23_274],
    [fp8, 'h200-141g', 4096, 20_841],
    [fp8, 'h100-80g', 750, 22_600],
    [fp8, 'h100-80g', 4096, 19_900],
    [training(), 'h200-141g', 2048, 16_788],
    [training(), 'h200-141g', 4096, 15_453],
    [training({ basePrecision: 'fp8', activationCheckpointing: 'all' }), 'h100-80g', 4096, 13_700],
  ] as const)('are quoted on their own card (%#)', (of, card, length, tokensPerSecond) => {
    expect(speedOf(of, card, length)).toMatchObject({
      tokensPerSecond,
      measured: true,
      from: { card },
      derivation: null,
    });
  });

  it('are of documents of about that length', () => {
    expect(speedOf(fp8, 'h200-141g', 820)?.measured).toBe(true);
    expect(speedOf(fp8, 'h200-141g', 850)?.measured).toBe(false);
  });

  it('are quoted as measured on no other card and for no other way', () => {
    const ways = [
      training(),
      fp8,
      training({ basePrecision: 'int8' }),
      training({ activationCheckpointing: 'all' }),
      training({ method: 'full', fullMode: 'fused' }),
      training({ method: 'full', fullMode: 'kept' }),
    ];
    const claimed = ways.flatMap((way) =>
      CARD_IDS.filter((card) => speedOf(way, card, 2048)?.measured).map((card) => card),
    );
    expect(new Set(claimed)).toEqual(new Set(['h200-141g', 'h100-80g']));
    for (const card of CARD_IDS.filter((one) => !claimed.includes(one))) {
      expect(MEASUREMENTS.some((one) => one.card === card)).toBe(false);
    }
  });

  it('say when and under which conditions, in both languages', () => {
    for (const { on, conditions } of MEASUREMENTS) {
      expect(on).toMatch(/^2026-1[12]-\d\d$/);
      expect(conditions.en).not.toMatch(/\p{Script=Han}/u);
      expect(conditions.zh).toMatch(/\p{Script=Han}/u);
    }
  });
});

describe('estimated speeds', () => {
  it('lie between the measured lengths and stay at the nearest beyond', () => {
    expect(speed(fp8, 'h200-141g', (750 + 2048) / 2)).toBeCloseTo((24_468 + 23_274) / 2);
    expect(speed(fp8, 'h200-141g', 10)).toBe(24_468);
    expect(speed(fp8, 'h200-141g', 9000)).toBe(20_841);
  });

  it('go from card to card by their peaks, and name where from', () => {
    const a100 = speedOf(training(), 'a100-80g', 2048);
    expect(a100).toMatchObject({ measured: false, from: { card: 'h200-141g', on: '2026-12-01' } });
    expect(a100?.tokensPerSecond).toBeCloseTo((16_788 * CARDS['a100-80g'].peak) / 989);
    expect(speedOf(fp8, 'h20-96g', 750)).toMatchObject({
      measured: false,
      from: { card: 'h100-80g' },
    });
  });

  it('take the 8-bit way that a card has, and compute again where memory is small', () => {
    expect(speed(fp8, 'rtx4090-24g', 744)).toBeCloseTo((13_700 * 165) / 989);
    const rtx3090 = speedOf(fp8, 'rtx3090-24g', 744);
    expect(rtx3090?.tokensPerSecond).toBeCloseTo((17_635 * (13_700 / 19_900) * 71) / 989);
    expect(rtx3090?.derivation?.from).toBe('lora bf16');
  });

  it('are unknown for ways that nobody measured', () => {
    const plain = training({ method: 'full', basePrecision: 'fp32', precision: 'fp32' });
    expect(speedOf(plain, 'h100-80g', 744)).toBeNull();
  });
});
