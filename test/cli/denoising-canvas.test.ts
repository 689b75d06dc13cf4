import { expect, test } from 'vitest';
import { Canvas, levelOf, type Revealed, sureness } from '../../src/cli/denoising-canvas.js';

const at = (step: number, ...tokens: readonly [number, string | null, number][]): Revealed => ({
  ...{ type: 'revealed', question: 0, step, canvas: 4 },
  tokens: tokens.map(([position, text, confidence]) => ({ position, token: 1, text, confidence })),
});

test('positions fill as they are told, and only the newest step is fresh', () => {
  const canvas = new Canvas('maskgit_plus');
  canvas.take(at(0, [2, 'c', 0.9]));
  canvas.take(at(1, [0, 'a', 0.4], [1, '二', 0.7]));
  expect(canvas.decided).toBe(3);
  expect(canvas.cells).toEqual([
    { text: 'a', sure: 0.4, fresh: true },
    { text: '二', sure: 0.7, fresh: true },
    { text: 'c', sure: 0.9, fresh: false },
    null,
  ]);
});

test('a token that is taken back is a mask again', () => {
  const canvas = new Canvas('maskgit_plus');
  canvas.take(at(0, [0, 'a', 0.2]));
  canvas.take(at(1, [0, null, 0.2]));
  expect([canvas.decided, canvas.cells[0]]).toEqual([0, null]);
});

test('an order’s own measure becomes a share', () => {
  expect(sureness('entropy', 0)).toBe(1);
  expect(sureness('entropy', -Math.log(4))).toBeCloseTo(0.25);
  // p log(p + 1e-10) of a certain token is a little above zero.
  expect(sureness('entropy', 1e-10)).toBe(1);
  expect(sureness('topk_margin', 0.3)).toBe(0.3);
  expect(sureness('origin', 0.3)).toBeNull();
});

test('levels begin at 90 and 50 %', () => {
  const levels = [1, 0.9, 0.899, 0.5, 0.499, 0, null].map(levelOf);
  const expected = ['sure', 'sure', 'likely', 'likely', 'unsure', 'unsure', 'unasked'];
  expect(levels).toEqual(expected);
});
