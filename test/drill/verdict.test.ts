import { describe, expect, it } from 'vitest';
import type { ChainEntry, PostMortem } from '../../src/contracts/journal.js';
import type { Summary } from '../../src/contracts/state.js';
import { hostKilled } from '../../src/drill/faults/killed.js';
import type { Carried } from '../../src/drill/carry-trial.js';
import type { Expectation } from '../../src/drill/fault.js';
import { brokenOff, type Failure, judge } from '../../src/drill/verdict.js';
import { DrillError } from '../../src/drill/wait.js';

const AT = '2026-11-30T12:00:00.000Z';
const blowOf = (expects: Expectation) => ({
  trial: 4,
  fault: { ...hostKilled, expects },
  atStep: 40,
  seed: 0,
});
const BLOW = blowOf({ kinds: ['host-lost'], repeats: true });
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
    struck: entries.length > 0 ? [{ token: 1, step: 47 }] : [],
  };
}

const STRUCK = [
  acquired('h', 1),
  published(1, 40),
  acquired('i', 2),
  { type: 'postMortem', postMortem, at: AT } as const,
  published(3, 50),
];

const english = ({ failures }: { failures: readonly Failure[] }): string[] =>
  failures.map(({ en }) => en);

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
    const result = judge(BLOW, carried('w'), carried('x', STRUCK));
    expect(english(result)).toEqual([
      'other weights than the straight run',
      'another order of samples than the straight run',
    ]);
  });

  it('fails on a plan that did not come to its end', () => {
    const struck = { ...carried('w', STRUCK), closed: 'FAILED' };
    expect(english(judge(BLOW, carried('w'), struck))).toEqual(['the plan has ended as FAILED']);
  });

  it('missing hashes are never equal', () => {
    const none = { ...carried('w'), summary: { interruptions: [], training: null } } as never;
    expect(judge(blowOf({}), none, none).failures).toHaveLength(2);
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
    expect(wild).toMatchObject({ zombieWritesRefused: 0, zombieWritesInJournal: 1 });
    expect(wild.failures).toEqual([
      { en: 'a zombie has written to the journal', zh: '僵尸进程写进了日志' },
    ]);
  });

  it.each<[Expectation, string]>([
    [{ kinds: [] }, 'the plan tells of host-lost, not of nothing'],
    [{ kinds: ['preempted'] }, 'the plan tells of host-lost, not of preempted'],
    [{ repeats: false }, '7 steps were made again, none had to be'],
    [{ refuses: true }, 'no zombie was refused'],
    [{ skips: true }, 'went on from the damaged checkpoint'],
  ])('fails when a fault has not left the trace that it should: %j', (expects, failure) => {
    const result = judge(blowOf(expects), carried('w'), carried('w', STRUCK));
    expect(english(result)).toEqual([failure]);
  });

  it('a fault that struck nothing proves nothing', () => {
    const result = judge(BLOW, carried('w'), carried('w'));
    expect(english(result)).toEqual([
      'the plan tells of nothing, not of host-lost',
      'no step was made again',
    ]);
  });

  it('a plan that tells of more steps lost than its killer has seen is mistaken', () => {
    const struck = { ...carried('w', STRUCK), struck: [{ token: 1, step: 42 }] };
    expect(english(judge(BLOW, carried('w'), struck))).toEqual([
      'the plan tells of 3 steps lost, more than there were',
    ]);
  });

  it('a damaged checkpoint is skipped when training goes on from an older one', () => {
    const older = [
      acquired('h', 1),
      published(1, 30),
      published(1, 40),
      acquired('i', 2),
      { type: 'postMortem', postMortem: { ...postMortem, resumedFromStep: 30 }, at: AT } as const,
    ];
    const { failures, stepsRepeated } = judge(
      blowOf({ skips: true }),
      carried('w'),
      carried('w', older),
    );
    expect([failures, stepsRepeated]).toEqual([[], 17]);
  });
});

describe('brokenOff', () => {
  it('is a trial that has failed', () => {
    const result = brokenOff(BLOW, new DrillError('The drill waited in vain: a word.'));
    expect(result.trial).toBe(4);
    expect(english(result)).toEqual(['The drill waited in vain: a word.']);
  });

  it('passes on what is no matter of the trial', () => {
    const defect = new Error('a defect');
    expect(() => brokenOff(BLOW, defect)).toThrow(defect);
  });
});
