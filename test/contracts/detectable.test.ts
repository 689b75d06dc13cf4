import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.js';
import {
  detectableOf,
  detectableSentence,
  smallestDetectable,
} from '../../src/contracts/detectable.js';

const { python, trainerFolder } = loadConfig();
const NUMBERS = [1, 2, 5, 6, 10, 20, 49, 50, 51, 100, 200, 300, 500, 992, 1000, 1023, 1319, 5000];

test.skipIf(!existsSync(python))('both languages find the same difference', () => {
  const code = [
    'import json',
    'from dream_sft.evaluation.detectable import smallest_detectable',
    `print(json.dumps([smallest_detectable(n) for n in ${JSON.stringify(NUMBERS)}]))`,
  ].join('\n');
  const said = execFileSync(python, ['-c', code], { env: { PYTHONPATH: trainerFolder } });
  const table = JSON.parse(said.toString('utf8')) as number[];
  expect(table).toHaveLength(NUMBERS.length);
  NUMBERS.forEach((n, at) => expect(smallestDetectable(n), `${n}`).toBeCloseTo(table[at]!, 9));
});

test('few questions show nothing small, very many are no work', () => {
  expect(smallestDetectable(1)).toBe(1);
  expect(100 * smallestDetectable(50)).toBeGreaterThan(14);
  expect(smallestDetectable(10_000_000)).toBe(smallestDetectable(50_000));
});

test('a sentence for each language; up to 50 questions are screening only', () => {
  const suites = detectableOf([
    { name: 'gsm8k', questions: 1319 },
    { name: 'arithmetic', questions: 50 },
  ]);
  expect(detectableSentence(suites, false)).toBe(
    'smallest difference that shows: 2.5 points on gsm8k (1319 questions), 15 points on arithmetic (50 questions, screening only)',
  );
  expect(detectableSentence(suites, true)).toBe(
    '前后能看出的最小差别：gsm8k 2.5 分（1319 题）、arithmetic 15 分（50 题，仅供初筛）',
  );
});
