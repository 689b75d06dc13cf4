import { expect, test } from 'vitest';
import { duration } from '../../../src/report/sections/section.js';
import { translator } from '../../../src/report/texts.js';

test('a time reads as in the terminal; none is a dash', () => {
  expect(duration(92.7, translator('en'))).toBe('1 min 33 s');
  expect(duration(92.7, translator('zh'))).toBe('1 分 33 秒');
  expect(duration(null, translator('en'))).toBe('–');
});

test('rows held out are 留出 in Chinese, not kept', () => {
  expect(translator('zh')('rowsHeldOut')).toBe('留出行数');
});
