import { expect, test } from 'vitest';
import { unknownPicks } from '../../src/cli/unknown-picks.js';

const asked = [
  ...['0', '12', '120', '1200'].map((id) => ({ suite: 'gsm8k', id })),
  { suite: 'custom', id: 'a:b' },
];
const pick = (suite: string, id: string) => ({ suite, id });

test('questions that were asked pass, whatever their id looks like', () => {
  expect(unknownPicks([pick('gsm8k', '120'), pick('custom', 'a:b')], asked)).toEqual([]);
});

test('the nearest of the same suite are named, no more than three', () => {
  expect(unknownPicks([pick('gsm8k', '121')], asked)).toEqual([
    '--pick gsm8k:121 is none of the 4 questions of gsm8k; near: gsm8k:12, gsm8k:120, gsm8k:1200.',
  ]);
  expect(unknownPicks([pick('custom', 'a')], asked)[0]).toMatch(/near: custom:a:b\.$/);
});

test('a suite that was not evaluated is named with those that were', () => {
  expect(unknownPicks([pick('gsm8', '12'), pick('gsm8k', '0')], asked)).toEqual([
    '--pick gsm8:12: the evaluation has no suite gsm8; it has gsm8k, custom.',
  ]);
});
