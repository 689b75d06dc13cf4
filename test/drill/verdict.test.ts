import { describe, expect, it } from 'vitest';
import type { ChainEntry, PostMortem } from '../../src/contracts/journal.js';
import type { Summary } from '../../src/contracts/state.js';
import { FAULTS } from '../../src/drill/faults/table.js';
import type { Carried } from '../../src/drill/trial.js';
import { judge } from '../../src/drill/verdict.js';

const AT = '2026-11-30T12:00:00.000Z';
const BLOW = { trial: 4, fault: FAULTS[0]!, atStep: 40 };
const acquired = (host: string, attempt: number) =>
  ({
    type: 'acquired',
    planId: 'p',
    stage: 'full-train',
    host,
    boot: 'b',
    attempt,
    at: AT,
  }) as const;
const published = (token: number, step: number) => {
  const manifest = { digest: 'a'.repeat(64), bytes: 1 };
  return { type: 'published', token, manifest, parent: null, step, host: 'h', at: AT } as const;
};
const postMortem: PostMortem = {
  stage: 'full-train',
  kind: 'host-lost',
  lostToken: 1,
  host: 'h',
  noticeSeen: false,
  lastSeenAt: AT,
  detectedAfterSeconds: 5.5,
  resumedAfterSeconds: 7.5,
  newestStepKnown: 43,
  resumedFromStep: 40,
  stepsLost: 3,
  moneyLostFen: 0,
};
const { lostToken: _, host: __, noticeSeen: ___, ...interruption } = postMortem;

function carried(weights: string, entries: readonly ChainEntry[] = []): Carried {
  const training = { weightsSha256: weights, orderHash: `order-${weights}` };
  const interruptions = entries.length > 0 ? [interruption] : [];
  return {
    stageKey: 'k',
    closed: 'COMPLETED',
    summary: { interruptions, training } as unknown as Summary,
    entries,
    stepAtStrike: entries.length > 0 ? 47 : null,
  };
}

const STRUCK = [
  acquired('h', 1),
  published(1, 40),
  acquired('i', 2),
  { type: 'postMortem', postMortem, at: AT } as const,
  published(3, 50),
];

describe('judge', () => {
  it('tells what the plan knows and what the killer knows', () => {
    expect(judge(BLOW, carried('w'), carried('w', STRUCK))).toMatchObject({
      trial: 4,
      attempts: 2,
      interruptions: ['host-lost'],
      detectedAfterSeconds: 5.5,
      stepsLost: 3,
      stepsRepeated: 7,
      zombieWritesInJournal: 0,
      failures: [],
    });
  });

  it('fails on other weights and another order', () => {
    const { failures } = judge(BLOW, carried('w'), carried('x', STRUCK));
    expect(failures).toEqual([
      'other weights than the straight run',
      'another order of samples than the straight run',
    ]);
  });

  it('fails on a plan that did not come to its end', () => {
    const struck = { ...carried('w', STRUCK), closed: 'FAILED' };
    expect(judge(BLOW, carried('w'), struck).failures).toEqual(['the plan has ended as FAILED']);
  });

  it('missing hashes are never equal', () => {
    const none = { ...carried('w'), summary: { interruptions: [], training: null } } as never;
    expect(judge(BLOW, none, none).failures).toHaveLength(2);
  });

  it('a zombie that was refused is counted, one that has written all the same fails the trial', () => {
    const refused = {
      type: 'refused',
      token: 1,
      newestToken: 3,
      manifest: null,
      step: 60,
      host: 'h',
      at: AT,
    } as const;
    const obeyed = judge(BLOW, carried('w'), carried('w', [...STRUCK, refused]));
    expect([obeyed.zombieWritesRefused, obeyed.failures]).toEqual([1, []]);
    const wild = judge(BLOW, carried('w'), carried('w', [...STRUCK, published(1, 60)]));
    expect(wild).toMatchObject({
      zombieWritesRefused: 0,
      zombieWritesInJournal: 1,
      failures: ['a zombie has written to the journal'],
    });
  });
});
