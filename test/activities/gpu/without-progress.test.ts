import { describe, expect, it } from 'vitest';
import { isOutOfRoom, isWithoutProgress } from '../../../src/activities/gpu/without-progress.js';
import type { ChainEntry } from '../../../src/contracts/journal.js';
import { foldChain } from '../../../src/store/fold-chain.js';

type Budget = Extract<ChainEntry, { type: 'budget' }>;
type How = Extract<ChainEntry, { type: 'ended' }>['how'];
const at = '2026-01-01T00:00:00.000Z';

/** Attempts by how they ended: null was lost, `+` published a checkpoint first. */
function chain(...hows: (How | null | `+${How}`)[]) {
  const entries: ChainEntry[] = [];
  for (const how of hows) {
    const attempt = { host: 'h', boot: 'b', attempt: 1, at };
    entries.push({ type: 'acquired', planId: 'p', stage: 'full-train', ...attempt });
    const token = entries.length;
    if (how?.startsWith('+')) {
      const manifest = { digest: 'a'.repeat(64), bytes: 1 };
      const published = { token, manifest, parent: null, step: token, host: 'h', at };
      entries.push({ type: 'published', ...published });
    }
    if (how === null) continue;
    const ending = how.replace('+', '') as How;
    entries.push({ type: 'ended', token, how: ending, step: 0, message: null, at });
  }
  return foldChain(entries);
}

describe('isWithoutProgress', () => {
  it.each([
    [true, ['crashed', 'crashed', 'crashed']],
    [true, ['crashed', 'preempted', 'crashed', null, 'crashed']],
    [true, ['+finished', 'crashed', 'crashed', 'crashed']],
    [false, []],
    [false, ['crashed', 'crashed']],
    [false, ['crashed', '+crashed', 'crashed', 'crashed']],
    [false, ['crashed', 'crashed', '+preempted', 'crashed']],
    [false, ['crashed', 'crashed', 'stopped', 'crashed']],
    [false, [null, null, null, 'preempted', 'preempted']],
    // The end that this very rule made: who starts the plan again gets three new attempts.
    [false, ['crashed', 'crashed', 'crashed', 'failed']],
  ] as const)('%s for %j', (expected, hows) => {
    expect(isWithoutProgress(chain(...hows))).toBe(expected);
  });
});

/** Attempts that ended with exit 69: by their number in their scheduling, `+` published first. */
function fullDisks(
  advice: Budget['tokenBudget'] | readonly Budget['tokenBudget'][],
  ...attempts: (number | `+${number}`)[]
) {
  const entries: ChainEntry[] = [];
  for (const [number, one] of attempts.entries()) {
    const tokenBudget = Array.isArray(advice) ? advice[number] : advice;
    const attempt = { host: 'h', boot: 'b', attempt: Number(one), at };
    entries.push({ type: 'acquired', planId: 'p', stage: 'full-train', ...attempt });
    const token = entries.length;
    if (String(one).startsWith('+')) {
      const manifest = { digest: 'a'.repeat(64), bytes: 1 };
      const published = { token, manifest, parent: null, step: token, host: 'h', at };
      entries.push({ type: 'published', ...published });
    }
    const none = { device: null, tokens: null, documents: null };
    entries.push({ type: 'budget', token, resource: 'disk', ...none, tokenBudget, at });
    entries.push({ type: 'ended', token, how: 'failed', step: 0, message: 'full', at });
  }
  return foldChain(entries);
}

describe('isOutOfRoom', () => {
  it.each([
    [true, 4, null, [1, 2, 3]],
    [true, 9, null, ['+5', 6, 7, 8]],
    [false, 3, null, [1, 2]],
    [false, 4, null, [1, 2, '+3']],
    // The plan was started again: three of its own.
    [false, 1, null, [1, 2, 3, 4]],
    [false, 3, null, [1, 2, 3, 4, 1, 2]],
    // A smaller budget is worth a try, as often as the trainer knows one.
    [false, 4, 512, [1, 2, 3]],
    [false, 4, [512, null, null], [1, 2, 3]],
    [true, 5, [512, null, null, null], [1, 2, 3, 4]],
    [false, 1, null, []],
  ] as const)('%s for attempt %d, budget %j, after %j', (expected, attempt, budget, attempts) => {
    expect(isOutOfRoom(fullDisks(budget, ...attempts), attempt)).toBe(expected);
  });
});
