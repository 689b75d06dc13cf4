import type { TrainingConfig, ViewConfig } from './training.js';

export interface TrainingMistake {
  readonly key: keyof TrainingConfig;
  readonly message: string;
  readonly zh: string;
}

type Rule = readonly [broken: boolean, key: keyof TrainingConfig, message: string, zh: string];

/**
 * What the schema cannot say about settings of training, so that a plan is refused before anything
 * is paid for. trainer/dream_sft/train/methods/settings.py has the same rules in the same words:
 * test/fixtures/training-rules.json is run against both.
 */
export function trainingMistakes(training: TrainingConfig, device: string): TrainingMistake[] {
  const rules = [methodRules, precisionRules, momentRules].flatMap((of) => of(training));
  return [...rules, ...kernelRules(training, device)]
    .filter(([broken]) => broken)
    .map(([, key, message, zh]) => ({ key, message, zh }));
}

function methodRules(training: TrainingConfig): Rule[] {
  const { method, fullMode: mode, basePrecision: base, eosTail } = training;
  const lora = method === 'lora';
  const exact = mode !== 'plain';
  const frozenOnly = base === 'fp8' || base === 'int8';
  return [
    [
      typeof eosTail !== 'string' && eosTail[0] > eosTail[1],
      'eosTail',
      `expected [low, high] with low <= high, got [${String(eosTail).replace(',', ', ')}]`,
      '须为 [低, 高]，低不大于高',
    ],
    [
      lora && exact,
      'fullMode',
      `${mode} is for method full; leave it out for lora`,
      `${mode} 只用于 method full；lora 请不写`,
    ],
    [
      !lora && frozenOnly,
      'basePrecision',
      `${base} freezes the weights: take method lora`,
      `${base} 会冻结权重：请用 method lora`,
    ],
    [
      !lora && exact && base === 'fp32',
      'basePrecision',
      `fullMode ${mode} needs bf16`,
      `fullMode ${mode} 需要 bf16`,
    ],
    [
      !lora && !exact && base === 'bf16',
      'basePrecision',
      'bf16 with method full needs fullMode kept or fused',
      'method full 用 bf16 时需要 fullMode kept 或 fused',
    ],
  ];
}

function precisionRules({
  method,
  fullMode: mode,
  basePrecision: base,
  precision,
}: TrainingConfig): Rule[] {
  const lora = method === 'lora';
  const exact = mode !== 'plain';
  return [
    [
      base !== 'fp32' && precision !== 'bf16' && (lora || (exact && base === 'bf16')),
      'precision',
      `basePrecision ${base} computes in bf16: take bf16`,
      `basePrecision ${base} 以 bf16 计算：请写 bf16`,
    ],
    [
      lora && base === 'fp32' && precision !== 'fp32',
      'precision',
      'basePrecision fp32 with method lora computes in float32: take fp32, or basePrecision bf16',
      'method lora 的 basePrecision fp32 以 float32 计算：请写 fp32，或 basePrecision bf16',
    ],
  ];
}

function momentRules(training: TrainingConfig): Rule[] {
  const { method, fullMode: mode, moments, betas, activationCheckpointing, worldSize } = training;
  const narrow = moments === 'bf16';
  return [
    [
      narrow && method === 'lora',
      'moments',
      'bf16 is for method full; those of lora are float32',
      'bf16 只用于 method full；lora 的矩是 float32',
    ],
    [
      narrow && method === 'full' && mode === 'plain',
      'moments',
      'bf16 needs fullMode kept or fused',
      'bf16 需要 fullMode kept 或 fused',
    ],
    [
      narrow && betas[1] > 0.95,
      'betas',
      'moments bf16 needs betas[1] of at most 0.95',
      'moments bf16 要求 betas[1] 不超过 0.95',
    ],
    [
      mode === 'fused' && activationCheckpointing !== 'none',
      'activationCheckpointing',
      'fullMode fused computes every layer again by itself: take none',
      'fullMode fused 自己会重算每一层：请写 none',
    ],
    [
      mode === 'fused' && worldSize > 1,
      'worldSize',
      'fullMode fused updates a block before the next gradient is known, on one card: take 1, or fullMode kept',
      'fullMode fused 在一张卡上逐块更新，那时还不知道下一块的梯度：请写 1，或 fullMode kept',
    ],
  ];
}

function kernelRules({ attention, precision }: TrainingConfig, device: string): Rule[] {
  const onGpu = attention === 'cudnn' || attention === 'varlen' || attention === 'flex';
  return [
    [
      onGpu && device !== 'cuda',
      'attention',
      `${attention} needs device cuda`,
      `${attention} 需要 device cuda`,
    ],
    [
      onGpu && attention !== 'flex' && precision !== 'bf16',
      'attention',
      `${attention} computes in bf16: set precision to bf16`,
      `${attention} 以 bf16 计算：请把 precision 设为 bf16`,
    ],
  ];
}

const ROW_STEP = 128;

/** Tokens that a packed row must hold for the longest document that `data` lets through. */
export function longestRow({ maxLength }: Pick<ViewConfig, 'maxLength'>, training: TrainingConfig) {
  const { eosTail } = training;
  const tokens = typeof eosTail === 'string' ? maxLength : maxLength + 1 + eosTail[1];
  return { tokens, rounded: Math.ceil(tokens / ROW_STEP) * ROW_STEP };
}

/** Of Dream's layers, whose projections all have the same shapes. */
export interface Widths {
  readonly hidden: number;
  readonly intermediate: number;
  readonly heads: number;
  readonly keyHeads: number;
}

/** The largest rank that every adapted projection can have, and the projection that limits it. */
export function largestRank(
  widths: Widths,
  modules: readonly string[],
): { rank: number; of: string } {
  const keys = (widths.hidden / widths.heads) * widths.keyHeads;
  const smaller = (name: string): number => {
    if (name === 'k_proj' || name === 'v_proj') return Math.min(keys, widths.hidden);
    if (name === 'q_proj' || name === 'o_proj') return widths.hidden;
    return Math.min(widths.hidden, widths.intermediate);
  };
  return modules
    .map((of) => ({ rank: smaller(of), of }))
    .reduce((least, one) => (one.rank < least.rank ? one : least));
}

/** d1's way alone: a response cut from the right does not end with its answer. */
export const cutRightMistake = ({ view, overLong }: Pick<ViewConfig, 'view' | 'overLong'>) =>
  overLong === 'cut_right' && view !== 'trace'
    ? 'cut_right is for the recipe of d1 alone (view trace), since what is cut ends before its answer: take attempt_only or drop'
    : null;
