import { expect, test } from 'vitest';
import { type ChosenInterval, intervalSentence } from '../../../src/contracts/interval.js';
import { blocksHtml } from '../../../src/report/html/render-html.js';
import type { ReportData } from '../../../src/report/report-data.js';
import { interruptionsSection } from '../../../src/report/sections/timeline.js';
import { translator } from '../../../src/report/texts.js';
import { POST_MORTEM } from '../support/example.js';

const INTERVAL: ChosenInterval = {
  seconds: 107,
  rule: 'publishing',
  costSeconds: 0.3,
  saveSeconds: 10,
  publishSeconds: 97,
  interruptionEverySeconds: 7200,
  interruptionsSeen: 1,
  lostInVain: 0,
};
const section = (changes: Partial<ReportData>, language: 'en' | 'zh' = 'en'): string => {
  const data = { postMortems: [], interval: null, plan: { language }, ...changes };
  const blocks = interruptionsSection(data as unknown as ReportData, translator(language));
  return blocksHtml(blocks, language);
};

test('tells the interval that a training tuned, and why, with and without interruptions', () => {
  const [en, zh] = [intervalSentence(INTERVAL, false), intervalSentence(INTERVAL, true)];
  expect(section({ interval: INTERVAL })).toContain(en);
  expect(section({ interval: INTERVAL }, 'zh')).toContain(zh);
  expect(section({ interval: INTERVAL, postMortems: [POST_MORTEM] })).toContain(en);
  expect(section({ postMortems: [POST_MORTEM] })).not.toContain('checkpoint every');
});
