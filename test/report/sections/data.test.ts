import { expect, test } from 'vitest';
import type { DataCheck } from '../../../src/report/data-check.js';
import type { ReportData } from '../../../src/report/report-data.js';
import { dataSection } from '../../../src/report/sections/data.js';
import { blocksHtml } from '../../../src/report/html/render-html.js';
import { translator } from '../../../src/report/texts.js';

const convert = {
  rowsKept: 9,
  rowsByRule: { attempt: 9 },
  rowsDropped: 3,
  droppedByRule: { over_long: 1, too_short: 2 },
  rowsWithInstruction: 6,
  rowsHeldOut: 1,
};
const validate = {
  tokensPerEpoch: 1234,
  duplicates: 3,
  emptyFields: 4,
  shareThatFits: { '2048': 0.875, '1024': 0.5 },
  overlap: { gsm8k: 5 },
};
const results = {
  convert: { metrics: { kind: 'convert', convert } },
  validate: { metrics: { kind: 'validate', validate } },
};
const render = (dataCheck: DataCheck | null): string =>
  blocksHtml(dataSection({ results, dataCheck } as unknown as ReportData, translator('en')), 'en');

test('tells every count of convert and validate', () => {
  const rows = [...render(null).matchAll(/<tr><td>([^<]*)<\/td><td(?: class="number")?>([^<]*)/g)];
  expect(rows.map(([, name, count]) => `${name}: ${count}`)).toEqual([
    'Rows used: 9',
    'Rows by rule: attempt: 9',
    'Rows dropped: 3',
    'Dropped by rule: over_long: 1',
    'Dropped by rule: too_short: 2',
    'Rows held out: 1',
    'Rows that ask for a boxed answer: 6',
    'Tokens per epoch: 1,234',
    'Duplicates: 3',
    'Empty fields: 4',
    'All rows, as the view asks for them, that fit 1024 tokens: 50.0 %',
    'All rows, as the view asks for them, that fit 2048 tokens: 87.5 %',
    'Training rows that overlap with evaluation: gsm8k: 5',
  ]);
});

test('shows lengths as bars and documents as text, whatever they hold', () => {
  const shown = render({
    histogram: [{ from: 0, to: 64, rows: 9 }],
    sample: '<|im_start|>user\n──── ▲ ▼ ────',
  });
  expect(shown.match(/<svg/g)).toHaveLength(1);
  expect(shown).toContain('<pre>&lt;|im_start|&gt;user\n──── ▲ ▼ ────</pre>');
  const empty = render({ histogram: [], sample: '' });
  expect([empty.includes('<svg'), empty.includes('<details')]).toEqual([false, false]);
});
