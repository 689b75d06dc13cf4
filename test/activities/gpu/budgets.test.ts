import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StageInput } from '../../../src/contracts/activities.js';
import type { MicroBatchBudget } from '../../../src/contracts/budget.js';
import type { StageName } from '../../../src/contracts/stages.js';
import { attempt, failure, type Lab, openLab, type Script, stageOf } from '../support/lab.js';

const CARD = 'NVIDIA H20';
const rows = (device: string, tokens: number): MicroBatchBudget => ({
  device,
  tokensPerMicroBatch: tokens,
  documentsPerMicroBatch: null,
});
const documents = (device: string, count: number): MicroBatchBudget => ({
  device,
  tokensPerMicroBatch: null,
  documentsPerMicroBatch: count,
});

describe('attempts after exit 69', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab();
  });
  afterEach(() => lab.close());

  async function specs({ stage }: StageInput) {
    const path = join(lab.home, 'runs', 'p', stage, 'specs.jsonl');
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    return lines.map(
      (line) => JSON.parse(line) as { budgets?: MicroBatchBudget[]; resumeFrom?: string | null },
    );
  }

  async function stage(
    script: Script,
    name: StageName = 'full-train',
    budgets?: MicroBatchBudget[],
  ): Promise<StageInput> {
    return { ...(await stageOf(lab, name, script)), ...(budgets ? { budgets } : {}) };
  }

  it('are told what was journalled, by device, and go on from the checkpoint', async () => {
    const input = await stage([
      { steps: 6, at: 3, end: 69, budget: { device: CARD, tokenBudget: 2048, tokens: 4096 } },
      { steps: 6, at: 4, end: 69, budget: { device: 'cpu', tokenBudget: 512, documents: 8 } },
      { steps: 6, at: 4, end: 69, budget: { device: CARD, tokenBudget: 896, tokens: 2000 } },
      { steps: 6 },
    ]);
    const first = await failure(attempt(lab.deps, input).outcome);
    expect(first).toMatchObject({ type: 'OutOfResources', nonRetryable: false });
    await failure(attempt(lab.deps, input, { attempt: 2 }).outcome);
    await failure(attempt(lab.deps, input, { attempt: 3 }).outcome);
    const last = await attempt(lab.deps, input, { attempt: 4 }).outcome;
    const found = [rows(CARD, 896), documents('cpu', 8)];
    expect(last).toMatchObject({
      result: { metrics: { kind: 'full-train', budgets: found } },
    });
    const ran = await specs(input);
    expect(ran.map(({ budgets }) => budgets)).toEqual([
      [],
      [rows(CARD, 2048)],
      [rows(CARD, 2048), documents('cpu', 8)],
      found,
    ]);
    expect(ran.map(({ resumeFrom }) => resumeFrom !== null)).toEqual([false, true, true, true]);
  });

  it('start within what earlier stages found, and hand on the least', async () => {
    const script = [
      { steps: 6, at: 3, end: 69, budget: { device: CARD, tokenBudget: 1024 } },
      { steps: 6 },
    ];
    const input = await stage(script, 'full-train', [rows(CARD, 2048), rows('NVIDIA L4', 512)]);
    await failure(attempt(lab.deps, input).outcome);
    const last = await attempt(lab.deps, input, { attempt: 2 }).outcome;
    const found = [rows(CARD, 1024), rows('NVIDIA L4', 512)];
    expect((await specs(input)).map(({ budgets }) => budgets)).toEqual([input.budgets, found]);
    expect(last).toMatchObject({ result: { metrics: { budgets: found } } });
  });

  it('of the smoke run leave what they found in its result', async () => {
    const script = [
      { steps: 6, at: 1, end: 69, budget: { device: CARD, tokenBudget: 2048 } },
      { steps: 6 },
    ];
    const input = await stage(script, 'smoke-train');
    await failure(attempt(lab.deps, input).outcome);
    expect(await attempt(lab.deps, input, { attempt: 2 }).outcome).toMatchObject({
      result: { metrics: { kind: 'smoke-train', budgets: [rows(CARD, 2048)] } },
    });
    const [first, second, probe] = await specs(input);
    expect([first?.budgets, second?.budgets, probe?.budgets]).toEqual([
      [],
      [rows(CARD, 2048)],
      undefined,
    ]);
  });

  it('say nothing of budgets where everything fitted', async () => {
    const input = await stage([{ steps: 6 }]);
    const outcome = await attempt(lab.deps, input).outcome;
    expect(outcome.kind === 'finished' && outcome.result.metrics).not.toHaveProperty('budgets');
  });

  it('do not try for ever what cannot fit', async () => {
    const nothing = { tokenBudget: null, tokens: 128, documents: null };
    const input = await stage([{ steps: 6, at: 1, end: 69, budget: nothing }]);
    const failures = [];
    for (const number of [1, 2, 3, 4]) {
      failures.push(await failure(attempt(lab.deps, input, { attempt: number }).outcome));
    }
    expect(failures.map(({ nonRetryable }) => nonRetryable)).toEqual([false, false, false, true]);
    expect(failures[3]).toMatchObject({ type: 'OutOfResources' });
    expect(failures[3]?.message).toContain('told to at 1');
    expect(await specs(input)).toHaveLength(3);
  });
});
