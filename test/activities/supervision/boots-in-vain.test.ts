import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bootsInVain } from '../../../src/activities/supervision/boots-in-vain.js';
import { foldChain } from '../../../src/store/fold-chain.js';
import type { ChainEntry } from '../../../src/contracts/journal.js';

const START = Date.parse('2026-11-24T10:00:00.000Z');
const ms = (seconds: number): number => START + seconds * 1000;
const at = (seconds: number): string => new Date(ms(seconds)).toISOString();
const booted = (seconds: number): ChainEntry => ({
  type: 'booted',
  key: `k#${seconds}`,
  host: `h${seconds}`,
  at: at(seconds),
});
const acquired = (seconds: number): ChainEntry => ({
  type: 'acquired',
  planId: 'p',
  stage: 'full-train',
  host: 'h',
  boot: 'b',
  attempt: 1,
  at: at(seconds),
});
const vain = (entries: readonly ChainEntry[], seconds: number) =>
  bootsInVain(foldChain(entries), ms(seconds));

test('the first hosts of a stage are started at once', () => {
  expect(vain([], 0)).toBeNull();
  expect(vain([booted(0)], 1)).toBeNull();
  expect(vain([booted(0), booted(1)], 2)).toBeNull();
});

test('after three that ended at once none is started for a minute, and the last one is named', () => {
  const three = [booted(0), booted(1), booted(2)];
  expect(vain(three, 3)).toEqual({ host: 'h2', until: ms(62) });
  expect(vain(three, 61.9)).not.toBeNull();
  expect(vain(three, 62)).toBeNull();
});

test('one that took the work up begins the count anew', () => {
  expect(vain([booted(0), booted(1), acquired(1.5), booted(2), booted(3)], 4)).toBeNull();
  const again = [booted(0), acquired(0.5), booted(1), booted(2), booted(3)];
  expect(vain(again, 4)).toMatchObject({ host: 'h3' });
});

test('hosts that lived for a while are replaced at once', () => {
  expect(vain([booted(0), booted(100), booted(200), booted(300)], 400)).toBeNull();
  expect(vain([booted(0), booted(1), booted(300), booted(301)], 302)).toBeNull();
});

test('each further vain start doubles the wait, up to a quarter of an hour', () => {
  const entries = [booted(0), booted(0), booted(0)];
  const waits: number[] = [];
  for (let now = 0; waits.length < 7;) {
    const found = vain(entries, now);
    if (found === null) throw new Error('nothing to wait for');
    const until = (found.until - START) / 1000;
    waits.push(until - now);
    now = until;
    expect(vain(entries, now)).toBeNull();
    entries.push(booted(now));
  }
  expect(waits).toEqual([60, 120, 240, 480, 900, 900, 900]);
});

test('looked at each second, hosts that die after any short life cost few starts', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 55 }), (life) => {
      const entries: ChainEntry[] = [];
      let diesAt = 0;
      for (let now = 0; now < 7200; now += 1) {
        if (now < diesAt || vain(entries, now) !== null) continue;
        entries.push(booted(now));
        diesAt = now + life;
      }
      expect(entries.length).toBeGreaterThan(11);
      expect(entries.length).toBeLessThan(16);
    }),
    { seed: 7, numRuns: 5 },
  );
});
