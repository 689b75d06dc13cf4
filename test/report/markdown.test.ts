import { expect, test } from 'vitest';
import { contentOf } from '../../src/report/content/content-of.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import { exampleData } from './support/example.js';

const written = async (language: 'en' | 'zh' = 'en'): Promise<string> =>
  renderMarkdown(contentOf(await exampleData(), language));

test('has the sections of the page, in both languages', async () => {
  const data = await exampleData();
  for (const language of ['en', 'zh'] as const) {
    const content = contentOf(data, language);
    const titles = [...renderMarkdown(content).matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual(content.sections.map(({ title }) => title));
  }
});

test('begins with the alarm and tells numbers where the page has drawings', async () => {
  const text = await written();
  expect(text.split('\n\n')[2]).toMatch(/^> \*\*This harness does not reproduce/);
  expect(text).toContain('| gsm8k · Before | 78.9 % | 75.9 % – 81.9 % |');
  expect(text).toContain('| step | Loss |');
});

test('whatever a model writes marks nothing up and ends no cell', async () => {
  const data = await exampleData();
  const notes = [{ text: 'a | b\n# c <i>', drill: false, at: data.state.startedAt }];
  const text = renderMarkdown(contentOf({ ...data, notes }, 'en'));
  expect(text).toContain('| note | a \\| b \\# c \\<i\\> |');
  const after = data.after.map((one) => ({ ...one, answer: '```\nx' }));
  expect(renderMarkdown(contentOf({ ...data, after }, 'en'))).toContain('````text\n```\nx\n````');
});

test('every row of a table has as many cells as its header', async () => {
  for (const block of (await written('zh'))
    .trim()
    .split('\n\n')
    .filter((one) => one.startsWith('|'))) {
    const counts = block.split('\n').map((row) => row.match(/(?<!\\)\|/g)!.length);
    expect(new Set(counts).size, block).toBe(1);
  }
});

test('three frames of a denoising, from masks to the answer', async () => {
  expect(await written()).toContain(
    'step 2 of 5: \n▢▢▢= 60\n\nstep 3 of 5: \n▢▢12 = 60\n\nstep 5 of 5: \n48 + 12 = 60',
  );
});
