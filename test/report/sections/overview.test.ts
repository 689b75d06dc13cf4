import { expect, test } from 'vitest';
import { blocksHtml } from '../../../src/report/html/render-html.js';
import { overview } from '../../../src/report/sections/overview.js';
import { translator } from '../../../src/report/texts.js';
import { exampleData } from '../support/example.js';

test('says which stages another plan has done, so that nobody takes their zeros for a result', async () => {
  const data = await exampleData();
  expect(blocksHtml(overview(data, translator('en')), 'en')).not.toContain('Found done');

  const done = data.results['eval-after'];
  if (!done) throw new Error('the example has answered');
  const results = { ...data.results, 'eval-after': { ...done, planId: 'other' } };
  const told = blocksHtml(overview({ ...data, results }, translator('en')), 'en');
  expect(told).toMatch(/Found done by plan other, [^:]*: eval-after\./);
  const inChinese = blocksHtml(overview({ ...data, results }, translator('zh')), 'zh');
  expect(inChinese).toContain('由计划 other 完成');
});
