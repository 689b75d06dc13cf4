import type { CardId } from './cards.js';

/** Ways of training that differ in speed; `recompute`: every layer's activations computed again. */
export type Way =
  `lora ${'bf16' | 'fp8' | 'int8'}${'' | ' recompute'}` | `full ${'kept' | 'fused'}`;

/** Document tokens/s at documents of this many tokens. */
export interface Anchor {
  readonly length: number;
  readonly tokensPerSecond: number;
}

/** One way on one card, with random weights of the real shape (bench/README.md, bench/train_gpu.py). */
export interface Measurement {
  readonly way: Way;
  readonly card: CardId;
  readonly on: string;
  readonly anchors: readonly [Anchor, ...Anchor[]];
  readonly conditions: { readonly en: string; readonly zh: string };
}

const at = (length: number, tokensPerSecond: number): Anchor => ({ length, tokensPerSecond });

const HUNDRED_STEPS = {
  en: '100 steps with one checkpoint, LoRA r16, rows of 12672 tokens, torch 2.11.0, cuDNN 9.19',
  zh: '100 步，含一次检查点，LoRA r16，每行 12672 个词元，torch 2.11.0，cuDNN 9.19',
};

/** What was measured. Of two cards, estimates for a third start from the one named first. */
export const MEASUREMENTS: readonly Measurement[] = [
  {
    way: 'lora fp8',
    card: 'h100-80g',
    on: '2026-11-24',
    anchors: [at(750, 22_600), at(4096, 19_900)],
    conditions: {
      en: '8 to 12 steps, LoRA r16, nothing computed again',
      zh: '8 至 12 步，LoRA r16，不重计算',
    },
  },
  {
    way: 'lora fp8',
    card: 'h200-141g',
    on: '2026-11-30',
    anchors: [at(750, 24_468), at(2048, 23_274), at(4096, 20_841)],
    conditions: HUNDRED_STEPS,
  },
  {
    way: 'lora bf16',
    card: 'h200-141g',
    on: '2026-12-01',
    anchors: [at(750, 17_635), at(2048, 16_788), at(4096, 15_453)],
    conditions: HUNDRED_STEPS,
  },
  {
    way: 'lora fp8 recompute',
    card: 'h100-80g',
    on: '2026-11-24',
    anchors: [at(4096, 13_700)],
    conditions: {
      en: '8 to 12 steps, LoRA r16, rows of 4224 tokens, all layers computed again',
      zh: '8 至 12 步，LoRA r16，每行 4224 个词元，所有层重计算',
    },
  },
  {
    way: 'lora fp8 recompute',
    card: 'h200-141g',
    on: '2026-12-01',
    anchors: [at(4096, 14_500)],
    conditions: {
      en: '100 steps with one checkpoint, LoRA r16, rows of 4224 tokens, all layers computed again',
      zh: '100 步，含一次检查点，LoRA r16，每行 4224 个词元，所有层重计算',
    },
  },
  {
    way: 'full fused',
    card: 'h100-80g',
    on: '2026-11-24',
    anchors: [at(2048, 9060)],
    conditions: {
      en: '8 to 12 steps, every weight with its exact remainder, attention by flash',
      zh: '8 至 12 步，训练全部权重并保留精确余数，flash 注意力',
    },
  },
  {
    way: 'full fused',
    card: 'h200-141g',
    on: '2026-12-01',
    anchors: [at(2048, 10_176)],
    conditions: {
      en: '30 steps with one checkpoint, every weight with its exact remainder, rows of 16896 tokens',
      zh: '30 步，含一次检查点，训练全部权重并保留精确余数，每行 16896 个词元',
    },
  },
  {
    way: 'full kept',
    card: 'h200-141g',
    on: '2026-12-01',
    anchors: [at(2048, 9420)],
    conditions: {
      en: '20 steps without a checkpoint, every weight with its exact remainder, rows of 4224 tokens, all layers computed again',
      zh: '20 步，不含检查点，训练全部权重并保留精确余数，每行 4224 个词元，所有层重计算',
    },
  },
];

/** A way that nobody has measured, taken to be as fast as another one, times a factor. */
export interface Derivation {
  readonly from: Way;
  readonly factor: number;
  readonly en: string;
  readonly zh: string;
}

/** What computing all layers again left of the speed: fp8 at 4096 tokens on the H100. */
const RECOMPUTING = 13_700 / 19_900;

export const DERIVATIONS: Readonly<Partial<Record<Way, Derivation>>> = {
  'lora bf16 recompute': {
    from: 'lora bf16',
    factor: RECOMPUTING,
    en: 'Layers computed again over a bf16 base: not measured; taken to cost what they cost over fp8 (31 %).',
    zh: 'bf16 底座加重计算未曾测量，按 fp8 时的代价（31 %）计。',
  },
  'lora int8': {
    from: 'lora bf16',
    factor: 1,
    en: 'An int8 base: not measured; taken as bf16, whose products it computes. What turning it back costs is left out.',
    zh: 'int8 底座未曾测量，按 bf16 计（乘法相同），未计还原的开销。',
  },
  'lora int8 recompute': {
    from: 'lora bf16',
    factor: RECOMPUTING,
    en: 'An int8 base, layers computed again: not measured; taken as bf16 less what computing again costs over fp8 (31 %). What turning it back costs is left out.',
    zh: 'int8 底座加重计算未曾测量，按 bf16 减去 fp8 时重计算的代价（31 %）计，未计还原的开销。',
  },
};
