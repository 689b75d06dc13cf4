import { expect, test } from 'vitest';
import { Renewals } from '../../../src/activities/gpu/renewals.js';

const WALL = Date.parse('2026-11-30T10:00:00Z');
const at = (ms: number): string => new Date(WALL + ms).toISOString();

test('one that is fresh is waited for as long as it changes, and a timeout more', () => {
  const renewals = new Renewals(5000);
  renewals.see(at(0), 100, WALL);
  expect(renewals.isOver(5099)).toBe(false);
  renewals.see(at(3000), 4000, WALL + 3900);
  renewals.see(at(3000), 8000, WALL + 7900);
  expect([renewals.isOver(8999), renewals.isOver(9000)]).toEqual([false, true]);
});

test('how old it was at the first look counts, so that a dead host is not waited for', () => {
  const renewals = new Renewals(5000);
  renewals.see(at(-6000), 100, WALL);
  expect(renewals.isOver(100)).toBe(true);
  const younger = new Renewals(5000);
  younger.see(at(-4000), 100, WALL);
  expect([younger.isOver(1099), younger.isOver(1100)]).toEqual([false, true]);
});

test('a clock that is ahead makes it no younger, one that is behind only the first look older', () => {
  const ahead = new Renewals(5000);
  ahead.see(at(60_000), 100, WALL);
  expect([ahead.isOver(5099), ahead.isOver(5100)]).toEqual([false, true]);
  const behind = new Renewals(5000);
  behind.see(at(-60_000), 100, WALL);
  behind.see(at(-58_000), 2000, WALL + 2000);
  expect(behind.isOver(6999)).toBe(false);
});

test('what could not be seen is no silence', () => {
  const renewals = new Renewals(5000);
  renewals.see(at(0), 0, WALL);
  renewals.blind(4000);
  expect([renewals.isOver(8999), renewals.isOver(9000)]).toEqual([false, true]);
});
