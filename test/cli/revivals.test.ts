import { expect, test } from 'vitest';
import { Revivals } from '../../src/cli/revivals.js';

const MINUTE = 60_000;

test('a part that ends at once three times in a row is not started a third time', () => {
  const revivals = new Revivals();
  const ends = [0, MINUTE - 1, 2 * MINUTE - 2].map((at) => revivals.mayRevive('control', at));
  expect(ends).toEqual([true, true, false]);
});

test('one that lived between its ends always is, and others do not count for it', () => {
  const revivals = new Revivals();
  for (let at = 0; at < 10 * MINUTE; at += MINUTE) {
    expect(revivals.mayRevive('control', at)).toBe(true);
    expect(revivals.mayRevive('server', at)).toBe(true);
  }
});
