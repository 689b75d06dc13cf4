import { expect, test } from 'vitest';
import { contentOf } from '../../../src/report/content/content-of.js';
import type { ReportData } from '../../../src/report/report-data.js';
import { deckOf } from '../../../src/report/slides/deck.js';
import { layOut } from '../../../src/report/slides/layout.js';
import {
  BOLD,
  heightOf,
  lineHeight,
  widestWord,
  wrap,
} from '../../../src/report/slides/measure.js';
import { renderPptx } from '../../../src/report/slides/render-pptx.js';
import { PAGE, type Shape } from '../../../src/report/slides/shapes.js';
import { AFTER, BEFORE, exampleData, POST_MORTEM, suiteOf } from '../support/example.js';
import { assertWellFormed, openPptx } from '../support/pptx.js';

const LONG = 'A question with <tags> & "quotes" that goes on，一直写下去没有尽头。'.repeat(60);

/** Everything as long and as many as it gets. */
async function crowded(): Promise<ReportData> {
  const data = await exampleData();
  const suites = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((suite) =>
    suiteOf({ ...data.comparison!.suites[2]!, suite }),
  );
  return {
    ...data,
    comparison: { ...data.comparison!, suites },
    before: BEFORE.map((one) => ({ ...one, question: LONG, answer: LONG })),
    after: AFTER.map((one) => ({
      ...one,
      question: LONG,
      answer: 'x'.repeat(5000),
      extracted: LONG,
    })),
    postMortems: Array(40).fill({ ...POST_MORTEM, host: 'a-host-with-a-very-long-name'.repeat(3) }),
    notes: [{ text: LONG, drill: true, at: data.state.startedAt }],
  };
}

const outside = ({ x, y, w, h }: Omit<Shape, 'kind'>): boolean =>
  x < -0.01 || y < -0.01 || x + w > PAGE.w + 0.01 || y + h > PAGE.h + 0.01;

test('the slides follow the last day, in both languages alike', async () => {
  const data = await exampleData();
  const [en, zh] = [deckOf(data, 'en'), deckOf(data, 'zh')];
  expect(en.map(({ id }) => id)).toEqual([
    'goal',
    'method',
    'data',
    'training',
    'interruptions',
    'results',
    'differences',
    'bySubject',
    'case-1',
    'case-2',
    'case-3',
    'strategies',
    'ledger',
    'difficulties',
    'limitsAndNext',
    'criteria',
  ]);
  const kinds = (deck: typeof en) => deck.map(({ blocks }) => blocks.map(({ kind }) => kind));
  expect(kinds(zh)).toEqual(kinds(en));
});

test('cases that a person chose are said to be', async () => {
  const said = (data: ReportData): boolean[] =>
    deckOf(data, 'en')
      .filter(({ id }) => id.startsWith('case-'))
      .map(({ blocks }) => JSON.stringify(blocks).includes('Chosen by hand, not by rule.'));
  expect(said(await exampleData())).toEqual([false, false, false]);
  const picks = [{ suite: 'gsm8k', id: '50', comment: 'it forgot half' }];
  expect(said(await exampleData({ picks }))).toEqual([true]);
});

test('a drill is never shown as an interruption survived', async () => {
  const blocks = (data: ReportData) =>
    JSON.stringify(deckOf(data, 'en').find(({ id }) => id === 'interruptions')!.blocks);
  const none = await exampleData({ postMortems: [] });
  expect(blocks(none)).toContain('proves nothing here');
  const note = { text: 'killed the worker at step 40', drill: true, at: none.state.startedAt };
  expect(blocks({ ...none, notes: [note] })).toContain(
    'Drill, made on purpose: killed the worker at step 40',
  );
});

test.each(['en', 'zh'] as const)(
  'nothing leaves its slide, whatever there is to say (%s)',
  async (language) => {
    for (const data of [await exampleData(), await crowded()]) {
      const shapes = deckOf(data, language).flatMap((slide, i) => layOut(slide, i + 1, 'footer'));
      expect(shapes.filter(outside)).toEqual([]);
      for (const shape of shapes) {
        if (shape.kind !== 'text' || shape.mono) continue;
        const text = shape.runs.map((run) => run.text).join('');
        const pad = shape.fill ? 0.1 : 0;
        expect(heightOf(text, shape.size, shape.w - 2 * pad) + 2 * pad, text).toBeLessThan(
          shape.h + 0.02,
        );
      }
    }
  },
);

test('rows of a table are as high as their longest cell', async () => {
  const deck = deckOf(await crowded(), 'en');
  const tables = deck
    .flatMap((slide, i) => layOut(slide, i, ''))
    .filter((one) => one.kind === 'table');
  expect(tables.length).toBeGreaterThan(5);
  for (const { header, rows, widths, heights, size, w, h } of tables) {
    expect(widths.reduce((sum, one) => sum + one, 0)).toBeCloseTo(w, 5);
    expect(heights.reduce((sum, one) => sum + one, 0)).toBeCloseTo(h, 5);
    const all = header.length > 0 ? [header, ...rows] : rows;
    all.forEach((row, i) =>
      row.forEach((cell, j) =>
        expect(wrap(cell, size * BOLD, widths[j]! - 0.14).length * lineHeight(size)).toBeLessThan(
          heights[i]!,
        ),
      ),
    );
  }
});

test.each(['en', 'zh'] as const)(
  'the file opens: one slide each, sound XML, boxes on the page (%s)',
  async (language) => {
    const data = await crowded();
    const deck = deckOf(data, language);
    const { slides, width, height } = await openPptx(
      await renderPptx(deck, contentOf(data, language)),
    );
    expect(slides).toHaveLength(deck.length);
    expect([width, height]).toEqual([expect.closeTo(13.333, 2), 7.5]);
    slides.forEach(({ boxes, texts }, i) => {
      expect(boxes.filter(outside)).toEqual([]);
      expect(boxes.length).toBeGreaterThan(3);
      expect(texts[0]).toBe(deck[i]!.title);
    });
  },
);

test('a curve has steps on an axis of numbers, with labels that have room', async () => {
  const data = await exampleData();
  const { charts } = await openPptx(await renderPptx(deckOf(data, 'en'), contentOf(data, 'en')));
  expect(charts.length).toBe(2);
  const numbers = (xml: string, name: string): number[] =>
    [...xml.matchAll(new RegExp(`<c:${name} val="([^"]+)"`, 'g'))].map(([, value]) =>
      Number(value),
    );
  for (const xml of charts) {
    expect(xml).toContain('<c:scatterChart>');
    // The axis of steps stands first.
    const [high, low, unit] = ['max', 'min', 'majorUnit'].map((name) => numbers(xml, name)[0]!);
    expect(low).toBeLessThanOrEqual(data.steps[0]!.step);
    expect(high).toBeGreaterThanOrEqual(data.steps.at(-1)!.step);
    expect((high! - low!) / unit!).toBeLessThanOrEqual(6);
  }
});

test('a file that Office would have to mend is noticed', () => {
  expect(() => assertWellFormed('x', '<a><b></a></b>')).toThrow('</a> ends <b>');
  expect(() => assertWellFormed('x', '<a>')).toThrow('never ends');
  expect(() => assertWellFormed('x', '<a>R&D</a>')).toThrow('ampersand');
  expect(() => assertWellFormed('x', '<?xml version="1.0"?><a b="c"/>')).not.toThrow();
});

test('a column holds its longest word, of wide letters too', () => {
  // Arial in bold: W 0.94 em, o and n 0.61 each; M 0.83, c 0.56.
  const em = (word: string): number => widestWord(word, 72 * BOLD);
  expect(em('Won')).toBeGreaterThan(0.94 + 2 * 0.61);
  expect(em('McM')).toBeGreaterThan(2 * 0.83 + 0.56);
  expect(em('a Won b')).toBe(em('Won'));
});
