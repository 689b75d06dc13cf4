import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedSeconds, interruptionsOf } from '../../../src/activities/gpu/interruption-rate.js';
import type { ChainEntry } from '../../../src/contracts/journal.js';
import { foldChain } from '../../../src/store/fold-chain.js';
import { attemptOn, checkpoint, postMortemOf } from '../../store/support/examples.js';

const START = Date.parse('2026-11-30T00:00:00Z');
const at = (seconds: number): string => new Date(START + 1000 * seconds).toISOString();
const HOUR = 3600;

/** Entries of a chain, in the order of their seconds. */
const acquired = (seconds: number, host = 'h1'): ChainEntry => ({
  type: 'acquired',
  ...attemptOn(host),
  at: at(seconds),
});
const published = (token: number, step: number, seconds: number): ChainEntry => ({
  type: 'published',
  token,
  parent: null,
  ...checkpoint(step),
  at: at(seconds),
});
type How = Extract<ChainEntry, { type: 'ended' }>['how'];
const ended = (token: number, how: How, seconds: number): ChainEntry => ({
  type: 'ended',
  token,
  how,
  step: 0,
  message: null,
  at: at(seconds),
});
const lost = (
  token: number,
  kind: Parameters<typeof postMortemOf>[1],
  stepsLost: number,
  lastSeen: number,
): ChainEntry => ({
  type: 'postMortem',
  postMortem: { ...postMortemOf(token, kind), stepsLost, lastSeenAt: at(lastSeen) },
  at: at(lastSeen),
});

function seen(entries: readonly ChainEntry[], token: number, now: number) {
  const observation = {
    expectedSeconds: HOUR,
    detectionSeconds: 30,
    token,
    now: START + 1000 * now,
  };
  return interruptionsOf(foldChain(entries), observation);
}

describe('what a chain tells of interruptions', () => {
  it('nothing yet: what was expected; without one seen the time grows', () => {
    expect(seen([acquired(0)], 1, 0)).toEqual({ everySeconds: HOUR, seen: 0, lostInVain: 0 });
    expect(seen([acquired(0)], 1, HOUR).everySeconds).toBe(2 * HOUR);
  });

  it('a host that never came back was alive until its loss can have been noticed', () => {
    const entries = [acquired(0), published(1, 10, 500), acquired(1030, 'h2')];
    expect(seen(entries, 3, 1030)).toEqual({
      everySeconds: (HOUR + 1000) / 2,
      seen: 1,
      lostInVain: 0,
    });
    const told = [...entries, lost(1, 'host-lost', 7, 900)];
    expect(seen(told, 3, 1130).everySeconds).toBe((HOUR + 900 + 100) / 2);
  });

  it('counts what cost work, and only that', () => {
    const count = (...between: readonly ChainEntry[]): number =>
      seen([acquired(0), ...between, acquired(100, 'h2')], 2 + between.length, 100).seen;
    expect(count()).toBe(1);
    expect(count(ended(1, 'crashed', 50))).toBe(1);
    expect(count(ended(1, 'stopped', 50))).toBe(0);
    expect(count(ended(1, 'failed', 50))).toBe(0);
    // Handed over with all its steps, or with some of them lost.
    expect(count(ended(1, 'preempted', 50))).toBe(0);
    expect(count(ended(1, 'preempted', 50), lost(1, 'preempted', 0, 50))).toBe(0);
    expect(count(ended(1, 'preempted', 50), lost(1, 'preempted', 4, 50))).toBe(1);
    // A cut link, with the trainer still there or gone.
    expect(count(lost(1, 'connection-lost', 0, 50))).toBe(0);
    expect(count(lost(1, 'connection-lost', 4, 50))).toBe(1);
  });

  it('losses in vain count since the last checkpoint, until this attempt has one', () => {
    const vain = [acquired(0), published(1, 10, 9), acquired(20), acquired(40), acquired(60)];
    expect(seen(vain, 5, 60)).toMatchObject({ seen: 3, lostInVain: 2 });
    expect(seen([...vain, published(5, 20, 70)], 5, 70)).toMatchObject({ seen: 3, lostInVain: 0 });
  });

  it('tends to the true mean as hosts come and go', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 100_000 }), (mean) => {
        const many = Array.from({ length: 400 }, (_, i) => acquired(i * (mean + 30)));
        const { everySeconds } = seen(many, 400, 399 * (mean + 30));
        expect(Math.abs(everySeconds - (HOUR + 399 * mean) / 400)).toBeLessThan(1e-6);
      }),
      { seed: 3, numRuns: 20 },
    );
  });

  it('expects less of a spot host than of one that nobody takes away', () => {
    expect(expectedSeconds('aws')).toBe(2 * HOUR);
    expect(expectedSeconds('vast')).toBe(2 * HOUR);
    expect(expectedSeconds('none')).toBe(24 * HOUR);
  });
});
