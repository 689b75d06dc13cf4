import { expect, test } from 'vitest';
import type { SampleTrace } from '../../../src/contracts/trace.js';
import { denoisingOf, frameAt, threeFrames } from '../../../src/report/content/denoising.js';
import { translator } from '../../../src/report/texts.js';

const reveal = (step: number, position: number, text: string | null, confidence: number) => ({
  step,
  position,
  text,
  confidence,
});
const trace = (reveals: SampleTrace['reveals'], tokens: number, canvas = 8): SampleTrace => {
  const steps = 1 + Math.max(...reveals.map(({ step }) => step));
  return { question: 'q', answer: 'a', tokens, canvas, steps, reveals };
};
const t = translator('en');
const shown = (of: SampleTrace, step: number) =>
  frameAt(denoisingOf(of, t)!, step).map((stay) => stay?.text ?? '_');

test('every frame shows what was decided by then, and masks elsewhere', () => {
  const one = trace([reveal(1, 2, 'c', -1), reveal(0, 0, 'a', -3), reveal(2, 1, 'b', -2)], 3, 3);
  expect([-1, 0, 1, 2].map((step) => shown(one, step).join(''))).toEqual([
    '___',
    'a__',
    'a_c',
    'abc',
  ]);
});

test('a token that is taken back is a mask again until it is decided anew', () => {
  const one = trace(
    [reveal(0, 0, 'x', 0.2), reveal(1, 0, null, 0.2), reveal(3, 0, 'y', 0.9)],
    1,
    1,
  );
  expect([0, 1, 2, 3].map((step) => shown(one, step).join(''))).toEqual(['x', '_', '_', 'y']);
});

test('sureness is the rank within the answer, whatever the measure; equals share a level', () => {
  const levels = (confidences: readonly number[]) =>
    denoisingOf(
      trace(
        confidences.map((value, i) => reveal(i, i, 'x', value)),
        confidences.length,
        confidences.length,
      ),
      t,
    )!.positions.map((all) => all.at(-1)!.level);
  expect(levels([-9, -4, -3, -2, -0.1])).toEqual([1, 2, 3, 4, 5]);
  expect(levels([0.7, 0.7, 0.7])).toEqual([3, 3, 3]);
  expect(levels([0.4])).toEqual([5]);
});

test('what is padding behind the end is left out', () => {
  const all = Array.from({ length: 8 }, (_, i) => reveal(i, i, 'x', 1));
  expect(denoisingOf(trace(all, 2), t)!.positions).toHaveLength(5);
  expect(denoisingOf({ ...trace(all, 2), reveals: [] }, t)).toBeNull();
});

test('an end token behind the answer is a sign, one within it stands as it is', () => {
  const all = ['<|mask|>', 'b', '<|endoftext|>', '\n'].map((text, i) => reveal(i, i, text, 1));
  expect(shown(trace(all, 2), 3)).toEqual(['<|mask|>', 'b', '∎', '\n']);
});

test('three frames: early, half-way, done', () => {
  const frames = (steps: number) => threeFrames({ caption: '', legend: '', positions: [], steps });
  expect([frames(256), frames(1)]).toEqual([
    [63, 127, 255],
    [0, 0, 0],
  ]);
});
