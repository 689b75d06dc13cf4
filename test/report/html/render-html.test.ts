import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { contentOf } from '../../../src/report/content/content-of.js';
import { SLIDER } from '../../../src/report/html/case.js';
import { renderHtml } from '../../../src/report/html/render-html.js';
import { exampleData } from '../support/example.js';

test('the page loads nothing from anywhere, and holds the criteria last', async () => {
  for (const language of ['en', 'zh'] as const) {
    const html = renderHtml(contentOf(await exampleData(), language));
    expect(html).not.toMatch(/(?:src|href)=|url\(|@import|https?:\/\//);
    expect(html.lastIndexOf('<section id="criteria">')).toBe(html.lastIndexOf('<section '));
    expect(html).toContain('&lt;in April&gt;');
    expect(html).not.toContain('<in April>');
  }
});

test('without a script the whole answer stands there', async () => {
  const html = renderHtml(contentOf(await exampleData(), 'en'));
  const [, after] = html.split('class="denoising"');
  const shown = [...after!.split('</pre>')[0]!.matchAll(/<span [^>]*data-to="\d+">([^<]*)</g)];
  expect(shown.map(([, text]) => text).join('')).toBe('48 + 12 = 60');
});

/** A page of one denoising: enough of the browser for the slider's script. */
function page(html: string) {
  const spans = [
    ...html.matchAll(/<span class="sure\d" data-from="(-?\d+)" data-to="(\d+)"[^>]*>([^<]*)/g),
  ].map(([, from, to, text]) => ({ dataset: { from, to }, text, hidden: false }));
  const [, words] = /data-words="([^"]*)"/.exec(html)!;
  const [, max] = /max="(\d+)"/.exec(html)!;
  const slider = {
    value: max!,
    max,
    moved: () => undefined as void,
    addEventListener: (_: string, run: () => void) => {
      slider.moved = run;
    },
  };
  const output = { textContent: '' };
  const box = {
    dataset: { words },
    querySelector: (what: string) => (what === 'input' ? slider : output),
    querySelectorAll: () => spans,
  };
  runInNewContext(SLIDER, { document: { querySelectorAll: () => [box] } });
  const at = (step: number): string => {
    slider.value = String(step);
    slider.moved();
    return `${output.textContent}: ${spans
      .filter(({ hidden }) => !hidden)
      .map(({ text }) => text)
      .join('')}`;
  };
  return { at };
}

test('the slider goes from masks only to the whole answer', async () => {
  const html = renderHtml(contentOf(await exampleData(), 'en'));
  const { at } = page(html.split('class="denoising"')[1]!.split('</pre>')[0]!);
  expect([-1, 0, 3, 4].map(at)).toEqual([
    'step 0 of 5: ▢▢▢▢▢',
    'step 1 of 5: ▢▢▢▢60',
    'step 4 of 5: ▢+ 12 = 60',
    'step 5 of 5: 48 + 12 = 60',
  ]);
});

test('no trace, no script; a trace of another answer is not shown', async () => {
  const data = await exampleData();
  const none = renderHtml(contentOf({ ...data, traces: { before: [], after: [] } }, 'en'));
  expect(none).not.toContain('<script');
  const before = data.traces.before.map((one) => ({ ...one, answer: 'another' }));
  const other = renderHtml(contentOf({ ...data, traces: { before, after: [] } }, 'en'));
  expect(other).not.toContain('class="denoising"');
});
