import { Plan } from '../contracts/plan.js';
import { SAMPLING_PRESETS, type SamplingPreset } from '../contracts/sampling.js';
import { samplingMistakes } from '../contracts/sampling-rules.js';
import { onCanvas } from '../workflows/policy/askings.js';
import type { Add } from './plan-cross-checks.js';

type Evaluation = ReturnType<(typeof Plan)['shape']['evaluation']['parse']>;
type Check = (evaluation: Evaluation, add: Add) => void;

const PRESETS = Object.keys(SAMPLING_PRESETS) as SamplingPreset[];

/** What the keys of an evaluation say together; those that the schema refuses are told by it. */
export function checkEvaluation(written: unknown, add: Add): void {
  const parsed = Plan.shape.evaluation.safeParse(written);
  if (!parsed.success) return;
  for (const check of CHECKS) check(parsed.data, add);
}

const published: Check = ({ sampling, batchSize }, add) => {
  if (sampling.preset !== 'published' || batchSize === 1) return;
  const why = 'its scores are those of one question at a time; leave batchSize out';
  add(['evaluation', 'batchSize'], `must be 1 under preset published: ${why}`, {
    zh: '使用 preset published 时必须为 1：公布的得分是一次一题得到的；请去掉 batchSize',
  });
};

const threshold: Check = ({ sampling }, add) => {
  if (sampling.threshold === null) return;
  const why = 'Dream-Instruct is published to fall from 55.5 to 5.5 % of HumanEval under it';
  add(
    ['evaluation', 'sampling', 'threshold'],
    `is not for a before/after: ${why}; try it with \`dream-sft strategies\``,
    {
      zh: '不能用于前后对比：公布的结果显示 Dream-Instruct 的 HumanEval 因此从 55.5 % 跌到 5.5 %；可用 `dream-sft strategies` 试它',
    },
  );
};

const again: Check = ({ again: second, batchSize }, add) => {
  if (second?.batchSize !== batchSize) return;
  const message = `must be another one than the evaluation’s own, ${batchSize}`;
  add(['evaluation', 'again', 'batchSize'], message, { zh: `必须与评测自己的 ${batchSize} 不同` });
};

const anchor: Check = (evaluation, add) => {
  if (!evaluation.anchor) return;
  for (const preset of PRESETS) {
    const settings = SAMPLING_PRESETS[preset](evaluation.anchor.maxNewTokens);
    for (const { key, message } of samplingMistakes(settings)) {
      add(['evaluation', 'anchor', 'maxNewTokens'], `preset ${preset}: ${key} ${message}`);
    }
  }
  if (evaluation.suites.some(({ name }) => name === 'gsm8k')) return;
  add(['evaluation', 'anchor'], 'asks gsm8k: add that suite with its file', {
    zh: '要问 gsm8k 的题：请加上这个评测集及其 file',
  });
};

const canvases: Check = ({ canvases: asked, sampling }, add) => {
  const sizes = asked?.sizes ?? [];
  if (new Set(sizes).size < sizes.length) {
    add(['evaluation', 'canvases', 'sizes'], 'names a size twice', { zh: '有重复的大小' });
  }
  for (const size of sizes) {
    const { preset: _filledIn, ...settings } = sampling;
    for (const { key, message } of samplingMistakes(onCanvas(settings, size))) {
      add(['evaluation', 'canvases', 'sizes'], `${size}: sampling.${key} ${message}`);
    }
  }
};

const CHECKS: readonly Check[] = [published, threshold, again, anchor, canvases];
