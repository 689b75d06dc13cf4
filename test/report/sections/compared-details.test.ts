import { expect, test } from 'vitest';
import { winsSection } from '../../../src/report/sections/compared-details.js';
import { translator } from '../../../src/report/texts.js';
import { BEFORE, COMPARISON, exampleData, suiteOf } from '../support/example.js';

test('answers that cannot be read are listed with what they say, before and after', async () => {
  const [first] = BEFORE;
  const { suite, id } = first!;
  const usual = suiteOf({ suite });
  const one = {
    ...usual,
    before: { ...usual.before, unreadable: 1, unreadableIds: [id] },
    after: { ...usual.after, unreadable: 0, unreadableIds: [] },
  };
  const answer = `I\n  do not ${'know '.repeat(40)}`;
  const data = await exampleData({
    comparison: { ...COMPARISON, suites: [one] },
    before: [{ ...first!, answer }],
  });
  const lists = (language: 'en' | 'zh') =>
    winsSection(data, translator(language)).filter(
      (block) => block.kind === 'fold' && /cannot be read|读不出/.test(block.title),
    );
  const said = `I do not ${'know '.repeat(40)}`.slice(0, 120);
  expect(lists('en')).toEqual([
    { kind: 'fold', title: `${suite}, Before: cannot be read (1)`, text: `${id}: ${said}…` },
  ]);
  expect(lists('zh')).toMatchObject([{ title: `${suite}，微调前：读不出答案（1 题）` }]);
});
