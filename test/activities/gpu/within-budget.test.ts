import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withinBudget } from '../../../src/activities/gpu/within-budget.js';
import type { StageInput } from '../../../src/contracts/activities.js';
import { TrainingConfig } from '../../../src/contracts/training.js';
import type { Budget } from '../../../src/store/fold-chain.js';
import { attempt, failure, type Lab, openLab, type Script, stageOf } from '../support/lab.js';

const packed = (tokens: number) =>
  TrainingConfig.parse({ steps: 6, tokensPerMicroBatch: tokens, documentsPerMicroBatch: 16 });
const padded = (documents: number) =>
  TrainingConfig.parse({ steps: 6, documentsPerMicroBatch: documents });
const told = (tokenBudget: number | null, tokens: number | null = null): Budget => ({
  token: 1,
  resource: 'gpu-memory',
  tokenBudget,
  tokens,
  at: '2026-11-24T10:00:00.000Z',
});

describe('packed rows', () => {
  it('get the least budget told, in whole rows, and never more than the plan says', () => {
    expect(withinBudget(packed(4096), [told(2048)])?.tokensPerMicroBatch).toBe(2048);
    const twice = withinBudget(packed(4096), [told(2000), told(3000), told(null)]);
    expect(twice?.tokensPerMicroBatch).toBe(1920);
    expect(withinBudget(packed(1024), [told(2048)])?.tokensPerMicroBatch).toBe(1024);
  });

  it('are multiples of 128 up to the budget, whatever is told', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 9999 }), (rows, b) => {
        const tokens = withinBudget(packed(rows * 128), [told(b)])?.tokensPerMicroBatch ?? 0;
        expect(tokens % 128).toBe(0);
        expect(tokens).toBeLessThanOrEqual(Math.max(128, Math.min(rows * 128, b)));
        expect(tokens).toBeGreaterThanOrEqual(128);
      }),
      { seed: 5 },
    );
  });

  it('end when not even the shortest fits, three times over', () => {
    const tooMuch = [told(64), told(64)];
    expect(withinBudget(packed(256), tooMuch)?.tokensPerMicroBatch).toBe(128);
    expect(withinBudget(packed(256), [...tooMuch, told(64)])).toBeNull();
  });
});

describe('padded rows', () => {
  it('get fewer documents, in the proportion told or half of them', () => {
    expect(withinBudget(padded(16), [told(512)])?.documentsPerMicroBatch).toBe(8);
    expect(withinBudget(padded(16), [told(300, 400)])?.documentsPerMicroBatch).toBe(12);
    const again = withinBudget(padded(16), [told(300, 400), told(150, 300), told(null)]);
    expect(again?.documentsPerMicroBatch).toBe(6);
    expect(withinBudget(padded(16), [told(512)])?.tokensPerMicroBatch).toBeNull();
  });

  it('keep one document, and end when that alone does not fit, three times over', () => {
    const failures = (count: number) => Array.from({ length: count }, () => told(512));
    expect(withinBudget(padded(2), failures(1))?.documentsPerMicroBatch).toBe(1);
    expect(withinBudget(padded(2), failures(3))?.documentsPerMicroBatch).toBe(1);
    expect(withinBudget(padded(2), failures(4))).toBeNull();
  });
});

it('what told nothing of memory, as a full disk, changes nothing', () => {
  expect(withinBudget(packed(4096), [told(null)])).toEqual(packed(4096));
});

describe('attempts after exit 69', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab();
  });
  afterEach(() => lab.close());

  async function stage(training: TrainingConfig, script: Script): Promise<StageInput> {
    const input = await stageOf(lab, 'full-train', script);
    return { ...input, configuration: { ...input.configuration, training } };
  }

  async function specs(input: StageInput) {
    const path = join(lab.home, 'runs', 'p', input.stage, 'specs.jsonl');
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    return lines.map(
      (line) => JSON.parse(line) as { training: TrainingConfig; resumeFrom: string | null },
    );
  }

  it('train within the budget that was journalled, from the checkpoint', async () => {
    const input = await stage(packed(4096), [
      { steps: 6, at: 3, end: 69, budget: { tokenBudget: 2048 } },
      { steps: 6, at: 4, end: 69, budget: { tokenBudget: 1000, tokens: 2048 } },
      { steps: 6 },
    ]);
    const first = await failure(attempt(lab.deps, input).outcome);
    expect(first).toMatchObject({ type: 'OutOfResources', nonRetryable: false });
    await failure(attempt(lab.deps, input, { attempt: 2 }).outcome);
    const third = attempt(lab.deps, input, { attempt: 3 });
    // Steps 3 and 4 were in the second attempt's checkpoint.
    expect(await third.outcome).toMatchObject({
      result: { metrics: { train: { stepsThisAttempt: 2 } } },
    });
    const ran = await specs(input);
    expect(ran.map(({ training }) => training.tokensPerMicroBatch)).toEqual([4096, 2048, 896]);
    expect(ran.map(({ resumeFrom }) => resumeFrom !== null)).toEqual([false, true, true]);
    const log = third.beats.flatMap((beat) => beat.log);
    expect(log).toContain('after running out of memory: tokensPerMicroBatch 896 in place of 4096');
  });

  it('give padded rows fewer documents', async () => {
    const input = await stage(padded(16), [{ steps: 6, at: 1, end: 69 }, { steps: 6 }]);
    await failure(attempt(lab.deps, input).outcome);
    await attempt(lab.deps, input, { attempt: 2 }).outcome;
    const ran = await specs(input);
    expect(ran.map(({ training }) => training.documentsPerMicroBatch)).toEqual([16, 8]);
  });

  it('do not try for ever what cannot fit', async () => {
    const input = await stage(padded(1), [{ steps: 6, at: 1, end: 69 }]);
    const failures = [];
    for (const number of [1, 2, 3, 4]) {
      failures.push(await failure(attempt(lab.deps, input, { attempt: number }).outcome));
    }
    expect(failures.map(({ nonRetryable }) => nonRetryable)).toEqual([false, false, false, true]);
    expect(failures[3]).toMatchObject({ type: 'OutOfResources' });
    expect(failures[3]?.message).toContain('Even the smallest micro-batch does not fit: told to');
    expect(await specs(input)).toHaveLength(3);
  });
});
