import { expect, test } from 'vitest';
import type { Pilot } from '../../../src/contracts/pilot.js';
import type { ReportData } from '../../../src/report/report-data.js';
import { pilotSection } from '../../../src/report/sections/pilot.js';
import { blocksHtml } from '../../../src/report/html/render-html.js';
import { translator } from '../../../src/report/texts.js';

const SCORE = { correct: 120, n: 200, share: 0.6, interval: [0.531, 0.665] as [number, number] };
const PILOT: Pilot = {
  suite: 'gsm8k',
  trials: [
    { name: 'low', learningRate: 0.00002, view: 'attempt', score: SCORE, message: null },
    { name: 'wild', learningRate: 3, view: 'attempt', score: null, message: 'a <nan> loss' },
  ],
  ended: true,
  chosen: 'low',
  clear: true,
};
const section = (pilot: Pilot | null, language: 'en' | 'zh' = 'en'): string => {
  const data = { state: { pilot }, plan: { language } } as unknown as ReportData;
  return blocksHtml(pilotSection(data, translator(language)), language);
};

test('a plan without a pilot has no such section', () => {
  expect(section(null)).toBe('');
});

test('every candidate has its values and its score, or why it has none', () => {
  const html = section(PILOT);
  expect(html).toContain('0.00002');
  expect(html).toContain('60.0 %');
  expect(html).toContain('53.1 % – 66.5 %');
  expect(html).toContain('a &lt;nan&gt; loss');
  expect(html).toContain(
    'full-train takes the values of low; its lead is beyond chance (5\u00a0%)',
  );
  expect(section({ ...PILOT, chosen: null }, 'zh')).toContain('试点没有得出结论');
});
