import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isWithoutProgress } from '../../src/activities/gpu/without-progress.js';
import { ENDING } from '../../src/activities/judge-exit.js';
import { finalFailure, stageFailure } from '../../src/activities/stage-failure.js';
import {
  ATTEMPTS_WITHOUT_PROGRESS,
  CLI_EXIT,
  FAILURES,
  type FailureType,
  judgementOf,
  NON_RETRYABLE,
} from '../../src/contracts/failures.js';
import { InterruptionKind } from '../../src/contracts/journal.js';
import type { ChainState } from '../../src/store/fold-chain.js';
import { advice, failureSentence, judge } from '../../src/workflows/policy/judgement.js';
import { queueRows, reasonRows } from './support/failure-rows.js';

const TYPES = Object.keys(FAILURES) as FailureType[];
const PAGES = [
  ['docs/failures.md', 'en'],
  ['docs/failures.zh-CN.md', 'zh'],
] as const;

/** A chain of attempts that all ended by this reason, none with a checkpoint. */
function chainOf(type: FailureType, attempts: number): ChainState {
  const how = ENDING[FAILURES[type].countsAs];
  const ended = how === null ? null : { how, message: null };
  const one = { ended, publishedSteps: [] };
  return { attempts: Array.from({ length: attempts }, () => one) } as unknown as ChainState;
}

describe.each(TYPES)('%s', (type) => {
  const judged = judgementOf(type)!;

  it('crosses Temporal as the table has it', () => {
    const { nonRetryable, nextRetryDelay, category, stack } = stageFailure(type, 'what');
    expect(nonRetryable).toBe(!judged.retry);
    expect(NON_RETRYABLE.includes(type)).toBe(!judged.retry);
    expect(nextRetryDelay).toBe(judged.waitSeconds === null ? undefined : `${judged.waitSeconds}s`);
    expect(category === 'BENIGN').toBe(judged.countsAs === 'preemption');
    expect(stack).toBe('');
    expect(finalFailure(type, 'what').nonRetryable).toBe(true);
  });

  it('a wait, an interruption and a count are of what is tried again', () => {
    if (judged.retry) expect(judged.countsAs).not.toBe('end');
    else expect(judged).toMatchObject({ waitSeconds: null, countsAs: 'end', interruption: null });
  });

  it('ends a stage after three in a row only as a failure of the trainer', () => {
    const without = (attempts: number) => isWithoutProgress(chainOf(type, attempts));
    expect(without(ATTEMPTS_WITHOUT_PROGRESS)).toBe(judged.countsAs === 'failure');
    expect(without(ATTEMPTS_WITHOUT_PROGRESS - 1)).toBe(false);
  });

  it('is told in both languages, with what to do where the table knows it', () => {
    const told = { type, message: 'step 3' };
    expect(failureSentence('full-train', told, false)).toBe(`full-train: ${judged.en}: step 3`);
    expect(failureSentence('full-train', told, true)).toBe(`full-train: ${judged.zh}: step 3`);
    for (const zh of [false, true]) {
      const way = advice('my-plan', told, zh);
      expect(way === '').toBe(judged.advice === null);
      expect(way).not.toMatch(/[{}]/);
    }
  });

  it('leaves a model to evaluate only when it is of the training', () => {
    const told = { type, message: '' };
    const goesOn = judged.leavesModel ? 'evaluate-checkpoint' : 'fail';
    expect(judge('full-train', told, true)).toBe(goesOn);
    expect(judge('full-train', told, false)).toBe('fail');
    expect(judge('eval-after', told, true)).toBe('fail');
  });

  it('ends the CLI with a code of its list', () => {
    expect(Object.values(CLI_EXIT)).toContain(judged.cliExit);
    expect(judged.cliExit).not.toBe(CLI_EXIT.ok);
  });
});

it('every interruption but a pause has one reason', () => {
  const named = TYPES.flatMap((type) => judgementOf(type)?.interruption ?? []);
  const kinds = InterruptionKind.options.filter((kind) => kind !== 'activity-paused');
  expect(named.toSorted()).toEqual(kinds.toSorted());
});

it('a type that is none of ours has no judgement', () => {
  for (const type of ['Error', 'toString', '']) expect(judgementOf(type)).toBeUndefined();
});

it.each(PAGES)('%s is the table of the sources', (page, language) => {
  const text = readFileSync(join(import.meta.dirname, '../..', page), 'utf8');
  const cells = [...text.matchAll(/^\| (`.*) \|$/gm)].map(([, row]) =>
    (row ?? '').split(' | ').map((cell) => cell.trim()),
  );
  expect(cells).toEqual([...reasonRows(language), ...queueRows(language)]);
});
