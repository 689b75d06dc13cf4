import { Plan } from '../contracts/plan.js';
import { samplingMistakes } from '../contracts/sampling-rules.js';
import { onCanvas } from '../workflows/policy/askings.js';
import type { Add } from './plan-cross-checks.js';

type Evaluation = ReturnType<(typeof Plan)['shape']['evaluation']['parse']>;
type Check = (evaluation: Evaluation, add: Add) => void;

/** What the keys of an evaluation say together; those that the schema refuses are told by it. */
export function checkEvaluation(written: unknown, add: Add): void {
  const parsed = Plan.shape.evaluation.safeParse(written);
  if (!parsed.success) return;
  for (const check of CHECKS) check(parsed.data, add);
}

const published: Check = ({ sampling, batchSize }, add) => {
  if (sampling.preset !== 'published' || batchSize === 1) return;
  const why = 'its scores are those of one question at a time; leave batchSize out';
  add(['evaluation', 'batchSize'], `must be 1 under preset published: ${why}`);
};

const again: Check = ({ again: second, batchSize }, add) => {
  if (second?.batchSize !== batchSize) return;
  const message = `must be another one than the evaluation’s own, ${batchSize}`;
  add(['evaluation', 'again', 'batchSize'], message);
};

const anchor: Check = ({ anchor: asked, suites }, add) => {
  if (!asked || suites.some(({ name }) => name === 'gsm8k')) return;
  add(['evaluation', 'anchor'], 'asks gsm8k: add that suite with its file');
};

const canvases: Check = ({ canvases: asked, sampling }, add) => {
  const sizes = asked?.sizes ?? [];
  if (new Set(sizes).size < sizes.length) {
    add(['evaluation', 'canvases', 'sizes'], 'names a size twice');
  }
  for (const size of sizes) {
    const { preset: _filledIn, ...settings } = sampling;
    for (const { key, message } of samplingMistakes(onCanvas(settings, size))) {
      add(['evaluation', 'canvases', 'sizes'], `${size}: sampling.${key} ${message}`);
    }
  }
};

const CHECKS: readonly Check[] = [published, again, anchor, canvases];
