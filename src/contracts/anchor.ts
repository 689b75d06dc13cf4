import { z } from 'zod';

/** Per cent under `published`; Dream-v0-Instruct-7B has 81.0 (its model card). */
const LEAST_PUBLISHED = 70;
/** Points between the two presets. */
const MOST_APART = 5;

/** The base under both presets on the same gsm8k questions: whether its scores can be believed. */
export const Anchored = z.strictObject({
  n: z.int().min(1),
  published: z.int().min(0).describe('right answers under the preset published'),
  default: z.int().min(0).describe('right answers under the preset default'),
  holds: z.boolean(),
});
export type Anchored = z.infer<typeof Anchored>;

interface Scored {
  readonly n: number;
  readonly correct: number;
}

/** The rule of evaluation/anchor.py, in whole numbers; null where the two were not asked the same. */
export function anchoredOf(published: Scored, ours: Scored): Anchored | null {
  const { n } = published;
  if (n === 0 || ours.n !== n) return null;
  const [first, second] = [published.correct, ours.correct];
  const holds =
    100 * first >= LEAST_PUBLISHED * n && 100 * Math.abs(first - second) <= MOST_APART * n;
  return { n, published: first, default: second, holds };
}

/** In one line, told as soon as eval-before has ended: full-train is still to be paid for. */
export function anchorSentence(anchored: Anchored, zh: boolean): string {
  const { n, holds } = anchored;
  const [published, ours] = [anchored.published, anchored.default].map(
    (correct) => `${((100 * correct) / n).toFixed(1)} %`,
  );
  if (zh) {
    const scores = `同样的 ${n} 道 gsm8k 题，按公布的设置得 ${published}，按默认设置得 ${ours}`;
    return holds
      ? `锚点成立：${scores}`
      : `本评测没有复现公布的模型：${scores}（要求：至少 ${LEAST_PUBLISHED} %，相差至多 ${MOST_APART} 分）`;
  }
  const questions = `${n} gsm8k ${n === 1 ? 'question' : 'questions'}`;
  const scores = `${published} under the published settings and ${ours} under the default ones, ${questions}`;
  return holds
    ? `the anchor holds: ${scores}`
    : `this harness does not reproduce the published model: ${scores} (wanted: at least ${LEAST_PUBLISHED} %, at most ${MOST_APART} points apart)`;
}
