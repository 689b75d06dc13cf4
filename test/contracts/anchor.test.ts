import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { anchoredOf, anchorSentence } from '../../src/contracts/anchor.js';

interface Rule {
  readonly n: number;
  readonly cases: readonly { published: number; default: number; holds: boolean }[];
}
const file = new URL('../fixtures/anchor-rule.json', import.meta.url);
const { n, cases } = JSON.parse(readFileSync(file, 'utf8')) as Rule;

test.each(cases)('by the table that the trainer’s tests run too: %j', (one) => {
  const { published, default: ours, holds } = one;
  const found = anchoredOf({ n, correct: published }, { n, correct: ours });
  expect(found).toEqual({ n, published, default: ours, holds });
});

test('other questions, or none, are no anchor', () => {
  expect(anchoredOf({ n: 200, correct: 160 }, { n: 199, correct: 160 })).toBeNull();
  expect(anchoredOf({ n: 0, correct: 0 }, { n: 0, correct: 0 })).toBeNull();
});

test('both languages say both scores and what was wanted', () => {
  const fails = { n: 1, published: 0, default: 1, holds: false };
  expect(anchorSentence(fails, false)).toBe(
    'this harness does not reproduce the published model: 0.0 % under the published settings and 100.0 % under the default ones, 1 gsm8k question (wanted: at least 70 %, at most 5 points apart)',
  );
  expect(anchorSentence({ ...fails, published: 1, holds: true }, true)).toBe(
    '锚点成立：同样的 1 道 gsm8k 题，按公布的设置得 100.0 %，按默认设置得 100.0 %',
  );
});
